"""What a sentence may claim of its case, claim by claim: how it is written, and whether it holds."""

import re
from collections.abc import Callable

import numpy as np

from backcheck.campaign.power.sentences.shown import LIST, NUMBER, PRINTED, RELATIVE, Shown, near, shape_in

Claim = tuple[str, Callable[[Shown, re.Match[str]], bool]]


def _counted(shown: Shown, found: re.Match[str]) -> bool:
    """In all 12 entries, in the only nonzero entry."""
    count = 1 if "only" in found[0] else int(re.findall(r"\d+", found[0])[0])
    if shown.want is None or shown.got is None:
        return count in shown.sizes
    # a tensor that is known in part is NaN elsewhere; at a kink nothing is counted
    nonzero, smooth = (int(np.count_nonzero(shown.want[seen])) for seen in (np.isfinite(shown.want), shown.smooth))
    if "nonzero" in found[0]:
        return count in (nonzero, smooth)
    return count in (shown.got.size, shown.want.size, int(np.isfinite(shown.want).sum()), int(shown.smooth.sum()))


def _of(shown: Shown, found: re.Match[str]) -> bool:
    """3 of 12 entries."""
    return int(found[1]) <= int(found[2]) and int(found[2]) in {int(np.prod(shown.shape)), shown.dy.size}


def _factor(shown: Shown, found: re.Match[str]) -> bool:
    """Got 0.5 x want."""
    if shown.got is None or shown.want is None or shown.got.shape != shown.want.shape:
        return True
    seen = shown.smooth & (shown.want != 0)  # a kink has any slope
    away = abs(shown.got - float(found[1]) * shown.want)[seen]
    # a factor is printed with four digits
    return bool(np.all(away <= 1e-3 * max(1.0, abs(float(found[1]))) * abs(shown.want[seen]).max(initial=0.0)))


def _entry(shown: Shown, found: re.Match[str]) -> bool:
    """At [1, 2]: got 3, want 4."""
    return _differ(found[2], found[3], found[4]) and _is_entry(shown, shape_in(found[1]), found[2], found[3])


def _got_at(shown: Shown, found: re.Match[str]) -> bool:
    """Got 3 at [1, 2], want 4."""
    return _differ(found[1], found[3], found[4]) and _is_entry(shown, shape_in(found[2]), found[1], found[3])


def _is_entry(shown: Shown, at: tuple[int, ...], got: str, want: str) -> bool:
    if shown.got is None or shown.want is None:
        return len(at) == len(shown.shape)
    inside = len(at) == shown.got.ndim and all(i < n for i, n in zip(at, shown.got.shape, strict=True))
    return inside and near(float(shown.got[at]), got) and near(float(shown.want[at]), want)


def _only(shown: Shown, found: re.Match[str]) -> bool:
    if not _differ(found[1], found[2], found[3]):
        return False
    if shown.got is None or shown.want is None:
        return int(np.prod(shown.shape)) == 1
    return shown.got.size == 1 and near(shown.got.item(), found[1]) and near(shown.want.item(), found[2])


def _differ(got: str, want: str, relative: str | None) -> bool:
    """What was got and what is wanted are other numbers in print, and a small difference is told as such."""
    if not np.isfinite(float(want)) or float(got) == float(want):
        return False
    off = abs(float(got) - float(want)) / abs(float(want)) if float(want) else np.inf
    # the digits that are printed are one more than it takes, so of the difference itself one digit is sure
    return not off < 0.9e-3 if relative is None else abs(off - float(relative)) <= 0.5 * off


def _ratios(shown: Shown, found: re.Match[str]) -> bool:
    if shown.got is None or shown.want is None:
        return True
    with np.errstate(all="ignore"):
        ratio = (shown.got / shown.want)[np.isfinite(shown.want) & (shown.want != 0)]
    return all(bool(np.any([near(float(r), each) for r in ratio])) for each in found.groups() if each)


def _size_by_name(shown: Shown, found: re.Match[str]) -> bool:
    """The batch is 4, the width is 3."""
    x, n = shown.first, int(found[2])
    known = {
        "the batch": {x.shape[0] if x.ndim else 1, shown.dy.shape[0] if shown.dy.ndim else 1},
        "the width": {x.shape[-1] if x.ndim else 1},
        "the number of rows": {x.size // x.shape[-1]} if x.ndim else set(),
        "the rows": {shown.dy.size // shown.dy.shape[-1]} if shown.dy.ndim else set(),
        "the output's width": {shown.dy.shape[-1]} if shown.dy.ndim else set(),
        "the number of entries": {x.size},
        "the entries": {x.size},
        "the number of outputs": {shown.dy.size},
    }
    return n in known[found[1]]


def _axis_of_input(shown: Shown, found: re.Match[str]) -> bool:
    return bool(shown.first.shape[int(found[1])] == int(found[2]))


def _axes(shown: Shown, found: re.Match[str]) -> bool:
    most = max(array.ndim for array in (*shown.arrays.values(), shown.dy))
    return all(int(axis) < most for axis in re.findall(r"\d+", found[0]))


def _slices(shown: Shown, found: re.Match[str]) -> bool:
    return int(found[1]) in shown.sizes


def _array(shown: Shown, found: re.Match[str]) -> bool:
    return found[1] in shown.arrays or found[1] in ("y", "dy", *shown.others)


def _option(shown: Shown, found: re.Match[str]) -> bool:
    return found[1] in shown.config or found[1].startswith(("the default", "eps"))


def _got_shape(shown: Shown, found: re.Match[str]) -> bool:
    misshapen = shown.got is not None and shown.got.shape != shown.shape
    same = not misshapen or (shown.got is not None and shape_in(found[1]) == shown.got.shape)
    return shape_in(found[2]) == shown.shape and same and shape_in(found[1]) != shape_in(found[2])


def _clipped(shown: Shown, found: re.Match[str]) -> bool:
    if shown.got is None or shown.want is None:
        return True
    cut = shown.got if found[1] == "got is want" else shown.want
    return near(float(abs(cut).max()), found[2])


def _off_by(shown: Shown, found: re.Match[str]) -> bool:
    if shown.got is None or shown.want is None:
        return True
    part = float(np.nanmax(abs(shown.got - shown.want)) / np.nanmax(abs(shown.want)))
    return abs(part - float(found[1])) <= 0.06 * part


def _held(shown: Shown, found: re.Match[str]) -> bool:
    """The limit is in the code; how many values it holds is of this case."""
    return 0 < int(found[2]) <= int(found[3])


def _between(shown: Shown, found: re.Match[str]) -> bool:
    given = [*shown.arrays.values(), shown.dy, *(() if shown.value is None else (shown.value,))]
    every = [array.astype(np.float64) for array in given]
    sizes = [each for array in every for each in (array, abs(array))]
    return all(any(bool(np.any([near(float(v), text) for v in a.flat])) for a in sizes) for text in found.groups())


def _slope(shown: Shown, found: re.Match[str]) -> bool:
    """Where x is 1 its slope is 2, and 3 is used: three numbers of one entry."""
    x = shown.arrays.get(found[1])
    if shown.got is None or shown.want is None or x is None or not x.shape == shown.got.shape == shown.dy.shape:
        return False
    with np.errstate(all="ignore"):
        entries = zip(x.flat, (shown.want / shown.dy).flat, (shown.got / shown.dy).flat, strict=True)
        told = any(
            all(near(float(n), text) for n, text in zip(each, found.groups()[1:], strict=True)) for each in entries
        )
    return told and found[3] != found[4]


def _moved(shown: Shown, found: re.Match[str]) -> bool:
    """Want moved by 1 along axis 2: of the entries that have a place, all."""
    got, want = shown.got, shown.want
    if got is None or want is None or got.shape != want.shape:
        return False
    for step, axis in re.findall(r"by (-?\d+) along axis (\d+)", found[0]):
        n, s = got.shape[int(axis)], int(step)
        got = got.take(range(max(s, 0), n + min(s, 0)), int(axis))
        want = want.take(range(max(-s, 0), n - max(s, 0)), int(axis))
    return got.size > 0 and bool(np.all(abs(got - want) <= 1e-3 * np.maximum(abs(got), abs(want))))


def is_place(shown: Shown, found: re.Match[str]) -> bool:
    """A list is a place in the tensor, an order of its slices or axes, or a shape."""
    numbers = shape_in(found[0])
    place = len(numbers) == len(shown.shape) and all(i < n for i, n in zip(numbers, shown.shape, strict=True))
    order = sorted(numbers) == list(range(len(numbers))) and len(numbers) in (*shown.sizes, len(shown.shape))
    some = len(set(numbers)) == len(numbers) and any(all(i < n for i in numbers) for n in shown.shape)
    return place or order or some


COUNTS = r"the batch|the width|the number of rows|the rows|the output's width|the number of entries|the entries"
CLAIMS: tuple[Claim, ...] = (
    (rf"(?:has )?shape ({LIST}), expected ({LIST})", _got_shape),
    (rf"the only entry is wrong: got {PRINTED}, want {PRINTED}{RELATIVE}", _only),
    (rf"at ({LIST}): got {PRINTED}, want {PRINTED}{RELATIVE}", _entry),
    (rf"got {PRINTED} at ({LIST}), want {PRINTED}{RELATIVE}", _got_at),
    (r"want (?:nan|-?inf)", lambda shown, found: False),
    (rf"got / want runs from ({NUMBER}) to ({NUMBER})", _ratios),
    (rf"got / want is ({NUMBER})", _ratios),
    (rf"got ({NUMBER}) x want", _factor),
    (r"in all \d+ (?:nonzero )?entries|in the only (?:nonzero )?entry|all \d+ entries", _counted),
    (r"(\d+) of (\d+) entries", _of),
    (r"axis (\d+) of the input is (\d+)", _axis_of_input),
    (rf"({COUNTS}|the number of outputs) (?:is|over) (\d+)", _size_by_name),
    (rf"over ({COUNTS}), (\d+) of them", _size_by_name),
    (rf"(got is want|want is got) clipped to ({NUMBER})", _clipped),
    (rf"keeps a value at ({NUMBER}) or (?:above|below) \(it holds (\d+) of (\d+)\)", _held),
    (rf"and at ({NUMBER}) or (?:above|below) \(it holds (\d+) of (\d+)\)", _held),
    (rf"where (\w+) is {PRINTED} its slope is {PRINTED}, and {PRINTED} is used", _slope),
    (r"want moved(?: and| by -?\d+ along axis \d+)+", _moved),
    (r"beside axis (\d+)", lambda shown, found: int(found[1]) < shown.dy.ndim),
    (rf"off by up to ({NUMBER}) of want", _off_by),
    (rf"between ({NUMBER}) and ({NUMBER})", _between),
    (r"(?:first|last) of (\d+) slices", _slices),
    (r"axes [\d, ]+ and \d+|axis \d+", _axes),
    (r"the gradient of (?!a norm|reader)(\w+)", _array),
    (r"the forward reads (\w+)", _array),
    (r"read the same entry of (\w+)", _array),
    (r"the indices (\w+)", _array),
    (r"the mask (?!is|nor|no)(\w+)", _array),
    (r"in the place of (\w+)", _array),
    (r"the gradient at -(\w+)", _array),
    (r"the option (\w+)", _option),
    (rf"got is the gradient for (?!a |the |statistics)(\w+)(?: = {NUMBER})?", _option),
)
