"""The plain facts about an answer that no known fault explains, and a map of where it is wrong."""

from collections.abc import Iterator

import numpy as np

from backcheck.diagnosis.faults.fit import at_kinks, largest, outside
from backcheck.diagnosis.faults.thresholds import wrong_region
from backcheck.diagnosis.faults.words import number, places, said_of_form
from backcheck.diagnosis.faults.wrong_gradient import Wrong
from backcheck_reports.number_format import got_and_want

SHADES = "·-=+*#@"
WIDEST, TALLEST = 64, 24


def describe(wrong: Wrong) -> str:
    """Some lines of text: how many entries are right, which are wrong and by what ratio, a map of a small tensor."""
    if wrong.malformed:
        return said_of_form(wrong.malformed)
    if wrong.got.shape != wrong.want.shape:
        return f"got has shape {list(wrong.got.shape)}, expected {list(wrong.want.shape)}"
    with np.errstate(all="ignore"):
        bad = outside(wrong)
        if wrong.known is not None:
            return "\n".join([_share_of_sample(wrong.known, bad), *(_ratios(wrong, bad) if np.any(bad) else ())])
        if not np.any(bad):
            return _all_within(wrong)
        if bad.size == 1:
            return f"{_share(bad)}: {got_and_want(wrong.got.flat[0], wrong.want.flat[0])}"
        return "\n".join(
            [
                wrong_region(wrong) or _share(bad),
                *_ratios(wrong, bad),
                *_slices(bad),
                *_at_kinks(wrong, bad),
                *_map(wrong, bad),
            ]
        )


def _all_within(wrong: Wrong) -> str:
    """No entry is wrong by itself; at a kink that need not make a gradient of them."""
    size, kinks = wrong.got.size, int(np.count_nonzero(at_kinks(wrong)))
    if not kinks:
        return f"all {size} entries are right to {number(wrong.digits)} digits"
    which = "the only entry lies" if size == kinks == 1 else f"{kinks} of {size} entries lie"
    rest = "" if size == kinks else ", the others are right"
    return f"no entry is wrong by itself: {which} between the one-sided slopes of a kink{rest}"


def _share(bad: np.ndarray) -> str:
    count = int(bad.sum())
    if count == bad.size:
        return "the only entry is wrong" if bad.size == 1 else f"all {bad.size} entries are wrong"
    return f"{bad.size - count} of {bad.size} entries are right; wrong: {places(bad)}"


def _share_of_sample(known: np.ndarray, bad: np.ndarray) -> str:
    seen = int(np.count_nonzero(known))
    if not np.any(bad):
        return f"right in all {seen} entries looked at, of {bad.size}"
    return f"wrong in {int(bad.sum())} of {seen} entries looked at, of {bad.size} in all: {places(bad)}"


def _ratios(wrong: Wrong, bad: np.ndarray) -> Iterator[str]:
    """The range of got / want, and the largest error."""
    ratio = (wrong.got / wrong.want)[bad & (wrong.want != 0)]
    if ratio.size:
        low, high = number(ratio.min()), number(ratio.max())
        yield f"got / want {f'is {low}' if low == high else f'runs from {low} to {high}'} where it is wrong"
    zeros = int((bad & (wrong.want == 0)).sum())
    if zeros:
        yield f"got is nonzero in {zeros} entries where want is zero"
    at = largest(wrong, np.where(np.isnan(wrong.got), np.inf, wrong.got - wrong.want))
    yield f"the largest error is at {list(at)}: {got_and_want(wrong.got[at], wrong.want[at])}"


def _slices(bad: np.ndarray) -> Iterator[str]:
    """Axes along which only some of the slices are wrong."""
    for axis, n in enumerate(bad.shape):
        touched = np.flatnonzero(bad.any(axis=tuple(i for i in range(bad.ndim) if i != axis)))
        if 0 < len(touched) < n and len(touched) <= 8:
            yield f"along axis {axis} only {touched.tolist()} of {n} are touched"


def _at_kinks(wrong: Wrong, bad: np.ndarray) -> Iterator[str]:
    count = int((at_kinks(wrong) & bad).sum())
    if count:
        yield f"{count} of the wrong entries are at a kink"


def _map(wrong: Wrong, bad: np.ndarray) -> Iterator[str]:
    """One character for each entry: a blank is right, and a darker one is further off."""
    rows = bad.reshape(-1, bad.shape[-1]) if bad.ndim else bad.reshape(1, 1)
    if bad.size < 2 or rows.shape[0] > TALLEST or rows.shape[1] > WIDEST:
        return
    error = abs(wrong.got - wrong.want).reshape(rows.shape)
    largest = error[np.isfinite(error)].max(initial=0.0) or 1.0
    share = np.where(np.isfinite(error), error / largest, 1.0)
    yield f"map of the error (blank right, {SHADES[0]} small, {SHADES[-1]} largest):"
    shades = np.minimum((share * len(SHADES)).astype(int), len(SHADES) - 1)
    for line, is_wrong in zip(shades, rows, strict=True):
        yield "  |" + "".join(SHADES[i] if w else " " for i, w in zip(line, is_wrong, strict=True)) + "|"
