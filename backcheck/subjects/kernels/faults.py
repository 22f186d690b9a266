"""What people get wrong in kernels, said of a tensor only where it reproduces its numbers.

Each hypothesis is a function of the answer, the truth and what is allowed. One with free numbers (a factor, an offset)
is asked whether a single number fits all entries: the intervals that the entries leave for it must have one in common.
It is not asked where there are hardly more entries than free numbers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.subjects.kernels.examination import Examination
from backcheck.subjects.kernels.judged import Allowed, TensorVerdict, as_float64
from backcheck_reference.lazy import torch
from backcheck_reports.record import Verdict

FEW = 4  # entries for each free number
TILES = (1, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One tensor that is wrong: the answer, its truth, what is allowed, and whether each entry is right."""

    got: np.ndarray
    truth: np.ndarray
    allowed: np.ndarray
    right: np.ndarray
    sizes: tuple[int, ...]  # of all axes that the kernel was given

    def reproduces(self, candidate: np.ndarray, where: Any = ...) -> bool:
        """Is the answer that of another function, within the same allowance?"""
        if candidate.shape != self.truth.shape:
            return False
        fractions = Allowed(candidate, self.allowed).fractions(self.got)[where]
        return bool(fractions.size) and bool(fractions.max() <= 1)


Hypothesis = Callable[[Wrong], str]


def named(found: Examination) -> tuple[str, ...]:
    """A sentence for each tensor that is wrong in a known way."""
    said = []
    for each in found.tensors:
        if each.verdict in (Verdict.DISAGREE, Verdict.IMPRECISE) and math.isfinite(each.allowed):
            wrong = _wrong(found, each)
            text = next(filter(None, (hypothesis(wrong) for hypothesis in HYPOTHESES)), "") if wrong else ""
            text = text or next(_by_reference(found, each, wrong), "") if wrong else ""
            said += [f"{each.name}: {text}"] if text else []
    return tuple(said)


def _wrong(found: Examination, each: TensorVerdict) -> Wrong | None:
    question, run, promised = found.question, found.run, found.question.model
    if each.is_gradient:
        at = next((at for at in question.wanted if f"d{question.names[at]}" == each.name), None)
        got = None if at is None else run.gradients[at]
        own = None if at is None or got is None else found.truth.of_gradient(at, promised, _dtype(got))
    else:
        names = ["output"] if len(run.outputs) == 1 else [f"output {k}" for k in range(len(run.outputs))]
        if each.name not in names:
            return None
        got = run.outputs[names.index(each.name)]
        own = found.truth.of_output(names.index(each.name), promised, _dtype(got))
    if got is None or own is None or tuple(got.shape) != own.truth.shape:
        return None
    answer = as_float64(got)
    sizes = {n for tensor in question.tensors for n in tensor.shape if n > 1}
    return Wrong(answer, own.truth, own.allowed, own.fractions(answer) <= 1, tuple(sorted(sizes)))


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def zeros(w: Wrong) -> str:
    return "every entry is zero" if not w.got.any() and w.truth.any() else ""


def missing_values(w: Wrong) -> str:
    """NaN or infinity where there is a number, and where that is."""
    bad = ~np.isfinite(w.got) & np.isfinite(w.truth)
    if not bad.any():
        return ""
    place = region(bad)
    rest = "" if (w.right | bad).all() else ", and others are wrong as well"
    kind = "NaN" if np.isnan(w.got[bad]).any() else "infinite"
    return f"{int(bad.sum())} of {bad.size} entries are {kind}{place}{rest}"


def sign(w: Wrong) -> str:
    return "the sign is wrong" if w.reproduces(-w.truth) else ""


def one_factor(w: Wrong) -> str:
    """A factor for all entries, with its likely name."""
    low, high = _factors(w, axis=None)
    if w.got.size < FEW or not low <= high:
        return ""
    low, high = float(low), float(high)
    names = [name for name, value in _known_factors(w.sizes) if low <= value <= high]
    said = (
        f"every entry is {(low + high) / 2:.6g} times too large"
        if (low + high) / 2 > 1
        else (f"every entry is {(low + high) / 2:.6g} of what it should be")
    )
    return f"{said}, as by a factor {' or '.join(names[:2])}" if names else said


def factor_by_row(w: Wrong) -> str:
    """A factor for each row, mostly to the same side: the statistics of a row."""
    if w.got.ndim < 2 or w.got.shape[-1] < FEW or w.got[..., 0].size < 2:
        return ""
    low, high = _factors(w, axis=-1)
    if not (low <= high).all():
        return ""
    middle = (low + high) / 2
    above, below = (low > 1).sum(), (high < 1).sum()
    if min(above, below) * 10 > max(above, below) or not max(above, below):
        return ""  # to either side, as rounding would have it
    ends = f"{middle.min():.6g} to {middle.max():.6g}"
    return (
        f"each row is off by a factor of its own, {ends}: what is computed once for a row (a variance, an eps, a sum)"
    )


def offset_by_row(w: Wrong) -> str:
    """The same number missing in a whole row: a mean term."""
    if w.got.ndim < 1 or w.got.shape[-1] < FEW:
        return ""
    with np.errstate(all="ignore"):
        away = w.got - w.truth
        low, high = (away - w.allowed).max(axis=-1), (away + w.allowed).min(axis=-1)
    if not (low <= high).all() or not ((low > 0) | (high < 0)).any():
        return ""
    return (
        "each row is off by one number of its own, added to all its entries: a mean over the row is missing, or another"
    )


def tail(w: Wrong) -> str:
    """Right up to a place along one axis, wrong from there on: the last block."""
    for axis, name in _axes(w.got.ndim):
        n = w.got.shape[axis]
        others = tuple(k for k in range(w.got.ndim) if k != axis)
        good = w.right.all(axis=others)
        start = int(np.argmin(good)) if not good.all() else n
        if 0 < start < n and not good[start:].any():
            there = (slice(None),) * axis + (slice(start, None),)
            how = _how(w, there)
            return f"right up to {name} {start - 1}, wrong from {name} {start} on, of {n}: the last block{how}"
    return ""


def head_or_block(w: Wrong) -> str:
    """Wrong in one run of places along an axis and right elsewhere."""
    for axis, name in _axes(w.got.ndim):
        others = tuple(k for k in range(w.got.ndim) if k != axis)
        bad = ~w.right.all(axis=others)
        places = np.flatnonzero(bad)
        if places.size and places.size < len(bad) and places[-1] - places[0] + 1 == places.size:
            there = (slice(None),) * axis + (slice(int(places[0]), int(places[-1]) + 1),)
            span = f"{name} {places[0]}" if places.size == 1 else f"the {name}s {places[0]} to {places[-1]}"
            return f"wrong in {span} alone, of {len(bad)}{_how(w, there)}"
    return ""


def _how(w: Wrong, there: Any) -> str:
    if not w.got[there].any():
        return ", which is never written or masked out (zeros)"
    if w.reproduces(2 * w.truth, there):
        return ", which is added twice"
    return ""


def shifted(w: Wrong) -> str:
    for axis, name in _axes(w.got.ndim):
        for by in (1, -1):
            inner = (slice(None),) * axis + ((slice(1, None),) if by == 1 else (slice(None, -1),))
            if w.got.shape[axis] > 2 and w.reproduces(np.roll(w.truth, by, axis), inner):
                return f"shifted by one {name}"
    return ""


def transposed(w: Wrong) -> str:
    square = w.got.ndim >= 2 and w.got.shape[-1] == w.got.shape[-2] > 1
    return "its last two axes are exchanged" if square and w.reproduces(w.truth.swapaxes(-1, -2)) else ""


HYPOTHESES: tuple[Hypothesis, ...] = (
    *(zeros, missing_values, sign, transposed, one_factor, tail, shifted, head_or_block, offset_by_row, factor_by_row),
)


def region(mask: np.ndarray) -> str:
    """Where along one axis the entries of a mask are, if that is all of a run of places."""
    for axis, name in _axes(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        places = np.flatnonzero(mask.any(axis=others))
        whole = mask.all(axis=others)
        if 0 < places.size < mask.shape[axis] and whole[places].all():
            return f", in the {name}s {places[0]} to {places[-1]} of {mask.shape[axis]}"
    return ""


def _axes(ndim: int) -> Sequence[tuple[int, str]]:
    """The axes with their names: rows and columns at the end, numbers before."""
    if ndim == 1:
        return ((0, "place"),)
    return [(k, {ndim - 1: "column", ndim - 2: "row"}.get(k, f"place along axis {k}:")) for k in reversed(range(ndim))]


def _factors(w: Wrong, axis: int | None) -> tuple[Any, Any]:
    """The factors that bring the truth to the answer in all entries along an axis: the largest low, the smallest high.

    An entry says |got - f want| <= allowed.
    """
    with np.errstate(all="ignore"):
        size = abs(w.truth)
        towards = w.got * np.sign(w.truth)
        low = np.where(size > 0, (towards - w.allowed) / size, -np.inf)
        high = np.where(size > 0, (towards + w.allowed) / size, np.inf)
    none = (size == 0) & (abs(w.got) > w.allowed)
    low, high = np.where(none | np.isnan(low), np.inf, low), np.where(none | np.isnan(high), -np.inf, high)
    return low.max(axis=axis), high.min(axis=axis)


def _known_factors(sizes: Sequence[int]) -> Iterator[tuple[str, float]]:
    yield from (("2", 2.0), ("1/2", 0.5), ("ln 2", math.log(2)), ("1/ln 2", 1 / math.log(2)))
    for n in sizes:
        yield f"1/{n}", 1 / n
        yield f"{n}", float(n)
        yield f"1/sqrt({n})", n**-0.5
        yield f"sqrt({n})", n**0.5
        yield f"sqrt({n - 1}/{n}), N - 1 for N in a variance", ((n - 1) / n) ** 0.5
        yield f"sqrt({n}/{n - 1}), N for N - 1 in a variance", (n / (n - 1)) ** 0.5
        yield f"{n}/{n - 1}", n / (n - 1)
        yield f"{n - 1}/{n}", (n - 1) / n


def _by_reference(found: Examination, each: TensorVerdict, w: Wrong) -> Iterator[str]:
    """Faults that are seen by asking the reference once more: with another cotangent, or another constant."""
    if not each.is_gradient:
        return
    question = found.question
    at = next(at for at in question.wanted if f"d{question.names[at]}" == each.name)
    dys = list(found.cotangents)
    ones = [None if dy is None else torch.ones_like(dy) for dy in dys]
    if w.reproduces(_gradient(found, at, ones)):
        yield "it takes no notice of dy: this is the gradient for a dy of ones"
    first = next((dy for dy in dys if dy is not None), None)
    if first is None or first.ndim < 1:
        return
    rows = first.reshape(-1, first.shape[-1]).shape[0] if first.ndim > 1 else first.shape[0]
    for size in TILES:
        last = size if rows % size == 0 else rows % size
        if last >= rows:
            continue
        kept = [None if dy is None else _last_rows(dy, last) for dy in dys]
        if w.reproduces(_gradient(found, at, kept)):
            yield f"only the last {last} of {rows} rows are in it: each block overwrites what those before have added"
        kept = [None if dy is None else dy - _last_rows(dy, last) for dy in dys]
        if w.reproduces(_gradient(found, at, kept)):
            yield f"the last {last} of {rows} rows are not in it"


def _last_rows(dy: Any, count: int) -> Any:
    flat = dy.reshape(-1, dy.shape[-1]) if dy.ndim > 1 else dy
    kept = torch.zeros_like(flat)
    kept[-count:] = flat[-count:]
    return kept.reshape(dy.shape)


def _gradient(found: Examination, at: int, cotangents: Sequence[Any]) -> np.ndarray:
    """The reference's gradient in float64 at other cotangents."""
    question = found.question
    given = [each.double() if each.is_floating_point() else each for each in question.on_cpu]
    given[at] = given[at].requires_grad_()
    with torch.enable_grad():
        result = question.reference(*given, **question.config)
        outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
    dys = zip(outputs, cotangents, strict=True)
    pairs = [(y, dy.to("cpu").to(y.dtype)) for y, dy in dys if dy is not None and y.requires_grad]
    if not pairs:
        return np.full(tuple(given[at].shape), np.nan)
    ys, ds = zip(*pairs, strict=True)
    (grad,) = torch.autograd.grad(ys, [given[at]], ds, allow_unused=True)
    return np.zeros(tuple(given[at].shape)) if grad is None else as_float64(grad)
