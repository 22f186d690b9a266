"""Faults that the answer and the truth show by themselves: a factor, a block, a shift, a row that is off.

Each hypothesis is a function of a wrong tensor. One with free numbers (a factor, an offset) is asked whether a single
number fits all entries: the intervals that the entries leave for it must have one in common. It is not asked where
there are hardly more entries than free numbers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backcheck.subjects.kernels.asked.models import last_rounding, unit
from backcheck.subjects.kernels.judged.allowed import Allowed

FEW = 4  # entries for each free number
MOST_GROWTH = 2.0**10  # by which a fault may make an entry larger, and its rounding with it


@dataclass(frozen=True, slots=True)
class WrongTensor:
    """One tensor that is wrong: the answer, its truth, what is allowed, and whether each entry is right."""

    got: np.ndarray
    truth: np.ndarray
    allowed: np.ndarray
    right: np.ndarray
    dtype: str
    sizes: tuple[int, ...]  # of all axes that the kernel was given

    def reproduces(self, candidate: np.ndarray, where: Any = ...) -> bool:
        """Is the answer that of another function, within the same allowance?"""
        if candidate.shape != self.truth.shape:
            return False
        fractions = Allowed(candidate, self.allowance(candidate)).fractions(self.got)[where]
        return bool(fractions.size) and bool(fractions.max() <= 1)

    def allowance(self, candidate: np.ndarray) -> np.ndarray:
        """What is allowed where the truth would be this: as much of a larger number, and the rounding of that."""
        with np.errstate(all="ignore"):
            growth = np.nan_to_num(abs(candidate) / abs(self.truth), nan=1.0, posinf=1.0)
            rounded = last_rounding(np.where(np.isfinite(candidate), abs(candidate), 0.0), self.dtype, False)
        found: np.ndarray = np.maximum(self.allowed * np.clip(growth, 1.0, MOST_GROWTH), self.allowed + rounded)
        return found


class Explanation(NamedTuple):
    """A fault in words, and what the tensor would be by it; None where that is not known in every entry.

    `free` counts the numbers that were fitted to the answer.
    """

    text: str
    candidate: np.ndarray | None = None
    free: int = 0


Hypothesis = Callable[[WrongTensor], Explanation | None]


def zeros(w: WrongTensor) -> Explanation | None:
    return Explanation("every entry is zero", w.got) if not w.got.any() and w.truth.any() else None


def missing_values(w: WrongTensor) -> Explanation | None:
    """NaN or infinity where there is a number, and where that is."""
    bad = ~np.isfinite(w.got) & np.isfinite(w.truth)
    if not bad.any():
        return None
    place = region(bad)
    rest = "" if (w.right | bad).all() else ", and others are wrong as well"
    kind = "NaN" if np.isnan(w.got[bad]).any() else "infinite"
    return Explanation(f"{int(bad.sum())} of {bad.size} entries are {kind}{place}{rest}")


def sign(w: WrongTensor) -> Explanation | None:
    return Explanation("the sign is wrong", -w.truth) if w.reproduces(-w.truth) else None


def one_factor(w: WrongTensor) -> Explanation | None:
    """A factor for all entries, with its likely name."""
    low, high = _factors(w, axis=None)
    if w.got.size < FEW or not low <= high:
        return None
    low, high = float(low), float(high)
    middle = (low + high) / 2
    known = sorted((abs(value - middle), name) for name, value in _known_factors(w.sizes) if low <= value <= high)
    names = [name for _, name in known]
    if not names and (abs(middle - 1) <= unit(w.dtype) or 2 * int(w.right.sum()) > w.right.size):
        return None  # as near to 1 as a rounding: the numbers are imprecise, and no factor was forgotten
    said = f"by a factor {' or '.join(names[:2])}" if names else f"by one factor, {_between(low, high)}"
    return Explanation(f"every entry is off {said}", middle * w.truth, free=1)


def _between(low: float, high: float) -> str:
    """A number of few digits that lies between the two."""
    for digits in range(1, 17):
        said = f"{(low + high) / 2:.{digits}g}"
        if low <= float(said) <= high:
            return said
    return repr((low + high) / 2)


def factor_by_row(w: WrongTensor) -> Explanation | None:
    """A factor for each row, mostly to the same side: the statistics of a row."""
    if w.got.ndim < 2 or w.got.shape[-1] < FEW or w.got[..., 0].size < 2:
        return None
    low, high = _factors(w, axis=-1)
    if not (low <= high).all():
        return None
    middle = (low + high) / 2
    above, below = (low > 1).sum(), (high < 1).sum()
    if min(above, below) * 10 > max(above, below) or not max(above, below):
        return None  # to either side, as rounding would have it
    if 2 * int(max(above, below)) <= low.size:
        return None  # most rows are right
    ends = f"{middle.min():.6g} to {middle.max():.6g}"
    text = f"each row is off by a factor of its own, {ends}: what is computed once for a row (a variance, an eps)"
    return Explanation(text, middle[..., None] * w.truth, free=middle.size)


def offset_by_row(w: WrongTensor) -> Explanation | None:
    """The same number missing in a whole row: a mean term."""
    if w.got.ndim < 1 or w.got.shape[-1] < FEW:
        return None
    with np.errstate(all="ignore"):
        away, allowed = w.got - w.truth, w.allowance(w.got)
        low, high = (away - allowed).max(axis=-1), (away + allowed).min(axis=-1)
    if not (low <= high).all() or 2 * int(((low > 0) | (high < 0)).sum()) <= low.size:
        return None
    text = (
        "in each row one number is added to all entries that does not belong there, or is missing: a mean over the row"
    )
    return Explanation(text, w.truth + np.asarray((low + high) / 2)[..., None], free=low.size)


def tail(w: WrongTensor) -> Explanation | None:
    """Right up to a place along one axis, wrong from there on: the last block."""
    for axis, name in _axes(w.got.ndim):
        n = w.got.shape[axis]
        others = tuple(k for k in range(w.got.ndim) if k != axis)
        good = np.asarray(w.right.all(axis=others))
        start = int(np.argmin(good)) if not good.all() else n
        if 0 < start < n and not good[start:].any():
            there = (slice(None),) * axis + (slice(start, None),)
            text = f"right up to {name} {start - 1}, wrong from {name} {start} on, of {n}: the last block"
            return _in_part(w, there, text)
    return None


def one_block(w: WrongTensor) -> Explanation | None:
    """WrongTensor in one run of places along an axis and right elsewhere."""
    for axis, name in _axes(w.got.ndim):
        others = tuple(k for k in range(w.got.ndim) if k != axis)
        bad = np.asarray(~w.right.all(axis=others))
        places = np.flatnonzero(bad)
        if places.size and places.size < len(bad) and places[-1] - places[0] + 1 == places.size:
            there = (slice(None),) * axis + (slice(int(places[0]), int(places[-1]) + 1),)
            span = f"{name} {places[0]}" if places.size == 1 else f"the {name}s {places[0]} to {places[-1]}"
            return _in_part(w, there, f"wrong in {span} alone, of {len(bad)}")
    return None


def _in_part(w: WrongTensor, there: Any, text: str) -> Explanation:
    """A part that is wrong; where it is zero, or twice what it should be, it is known what the tensor would be."""
    candidate = w.truth.copy()
    if not w.got[there].any():
        candidate[there] = 0.0
        return Explanation(f"{text}, which is never written or masked out (zeros)", candidate)
    if w.reproduces(2 * w.truth, there):
        candidate[there] *= 2.0
        return Explanation(f"{text}, which is added twice", candidate)
    return Explanation(text)


def shifted(w: WrongTensor) -> Explanation | None:
    for axis, name in _axes(w.got.ndim):
        for by in (1, -1):
            inner = (slice(None),) * axis + ((slice(1, None),) if by == 1 else (slice(None, -1),))
            if w.got.shape[axis] > 2 and w.reproduces(np.roll(w.truth, by, axis), inner):
                return Explanation(f"shifted by one {name}", np.roll(w.truth, by, axis))
    return None


def transposed(w: WrongTensor) -> Explanation | None:
    if w.got.ndim < 2 or not w.got.shape[-1] == w.got.shape[-2] > 1 or not w.reproduces(w.truth.swapaxes(-1, -2)):
        return None
    return Explanation("its last two axes are exchanged", w.truth.swapaxes(-1, -2))


HYPOTHESES: tuple[Hypothesis, ...] = (
    *(zeros, missing_values, sign, transposed, one_factor, tail, shifted, one_block, offset_by_row, factor_by_row),
)


def region(mask: np.ndarray) -> str:
    """Where along one axis the entries of a mask are, if that is all of a run of places."""
    for axis, name in _axes(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        places = np.flatnonzero(mask.any(axis=others))
        whole = np.asarray(mask.all(axis=others))
        if 0 < places.size < mask.shape[axis] and whole[places].all():
            return f", in the {name}s {places[0]} to {places[-1]} of {mask.shape[axis]}"
    return ""


def _axes(ndim: int) -> Sequence[tuple[int, str]]:
    """The axes with their names: rows and columns at the end, numbers before."""
    if ndim == 1:
        return ((0, "place"),)
    return [(k, {ndim - 1: "column", ndim - 2: "row"}.get(k, f"place along axis {k}:")) for k in reversed(range(ndim))]


def _factors(w: WrongTensor, axis: int | None) -> tuple[Any, Any]:
    """The factors that bring the truth to the answer in all entries along an axis: the largest low, the smallest high.

    An entry says |got - f want| <= allowed.
    """
    with np.errstate(all="ignore"):
        size, allowed = abs(w.truth), w.allowance(w.got)
        towards = w.got * np.sign(w.truth)
        low = np.where(size > 0, (towards - allowed) / size, -np.inf)
        high = np.where(size > 0, (towards + allowed) / size, np.inf)
    none = (size == 0) & (abs(w.got) > allowed)
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
