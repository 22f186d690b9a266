"""Two tensors compared, the old and the new answer: are they the same, and if not, what kind of change is it?"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from backcheck.regression.sides.answers import BESIDE, NOT_FINITE, SideTensor
from backcheck_reference.numbers import balls
from backcheck_reports.record import Verdict

RAISES = ("raises ", "backward raises ")
LITTLE = 2.0**-6  # an error of less, as a part of the tensor's largest entry
LAST_ULPS = 4  # of the tensor's largest entry: what counts as rounding where no truth is known


class Kind(StrEnum):
    """What became of a tensor, the worst first: a row has the worst kind of its cases."""

    BROKEN = "fails"
    WRONG = "disagrees"
    DIGITS = "digits lost"
    FUNCTION = "another function"
    CONVENTION = "another convention"
    RANGE = "out of range"
    NOT_FINITE = "other at nan or infinity"
    UNJUDGED = "not judged"
    STILL_WRONG = "still wrong"
    FIXED = "mended"
    WORKS = "works now"
    BEYOND = "beyond floats"
    ROUNDING = "last ulps"
    SAME = "identical"


class Error(NamedTuple):
    """The worst error of a tensor: in ulps of its entry, and as a part of the tensor's largest entry."""

    ulps: float = np.nan
    relative: float = np.nan


NO_ERROR = Error()


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of one tensor. `moved` is the largest change of an entry, in ulps of the tensor's largest entry;
    `beyond` is the same over the entries that rounding in a single run does not explain. Each error is that of one side
    against the truth."""

    kind: Kind
    moved: float = 0.0
    beyond: float = 0.0
    old: Verdict | None = None
    new: Verdict | None = None
    reason: str = ""
    old_error: Error = NO_ERROR
    new_error: Error = NO_ERROR


@dataclass(frozen=True, slots=True)
class _Truth:
    hi: np.ndarray
    lo: np.ndarray
    allowed: np.ndarray
    scale: float

    def error(self, value: np.ndarray) -> np.ndarray:
        return np.asarray(abs((value - self.hi) - self.lo))


def compare(
    old: SideTensor, new: SideTensor, dtype: str, same_function: bool = True, of_gradients: bool = False
) -> Compared:
    """The kind of change, and how large it is. With `same_function` the forward values have the same truth. A gradient
    has the shape of its array: in another shape it is none."""
    if old.value is None or new.value is None:
        return _without_a_value(old, new)
    a, b = (np.asarray(each.value).astype(np.float64) for each in (old, new))
    if a.shape != b.shape:
        kind = Kind.BROKEN if of_gradients else Kind.FUNCTION
        return Compared(kind, np.inf, np.inf, reason=f"shape {list(a.shape)} became {list(b.shape)}")
    truths = [_truth(old), _truth(new)]
    with np.errstate(all="ignore"):
        moved = _moved(a, b, truths, dtype)
        # a side without a truth of its own is measured against that of the other
        errors = _error(a, truths[0] or truths[1], dtype), _error(b, truths[1] or truths[0], dtype)
        # of a value there is no ruling in exact arithmetic: that it is off a little is lost digits, and no wrong rule
        little = not of_gradients and errors[1].relative < LITTLE
        kind = _kind(old, new, a, b, truths, same_function, dtype, little)
        if kind in (Kind.DIGITS, Kind.RANGE, Kind.WRONG) and new.reason.startswith(RAISES):
            kind = Kind.BROKEN  # where backward raises its gradients are as good as nan
    reason = new.reason if kind not in (Kind.SAME, Kind.ROUNDING, Kind.NOT_FINITE) else ""
    return Compared(kind, *moved, _verdict(old), _verdict(new), reason, *errors)


def _without_a_value(old: SideTensor, new: SideTensor) -> Compared:
    if old.value is None and new.value is None:
        kind, far, reason = (Kind.SAME if old.reason == new.reason else Kind.STILL_WRONG), 0.0, new.reason
    else:
        kind, far = (Kind.BROKEN if new.value is None else Kind.WORKS), np.inf
        reason = new.reason if kind is Kind.BROKEN else old.reason
    return Compared(kind, far, far, old=_verdict(old), new=_verdict(new), reason=reason)


def _verdict(tensor: SideTensor) -> Verdict:
    """The floats' verdict, unless the rule itself is wrong."""
    return Verdict.DISAGREE if tensor.wrong else tensor.verdict


def _truth(tensor: SideTensor) -> _Truth | None:
    if tensor.hi is None or tensor.lo is None or tensor.allowed is None:
        return None
    return _Truth(tensor.hi, tensor.lo, tensor.allowed, float(abs(tensor.hi).max(initial=0.0)))


def _moved(a: np.ndarray, b: np.ndarray, truths: list[_Truth | None], dtype: str) -> tuple[float, float]:
    """`moved` and `beyond`, see Compared."""
    apart, (old, new) = _apart(a, b), truths
    known = new or old
    scale = known.scale if known else max(abs(a).max(initial=0.0), abs(b).max(initial=0.0))
    unit = float(balls.ulp(np.asarray(scale), dtype))
    radius = known.allowed / balls.SLACK if known else np.zeros(())
    moved, beyond = (np.max(each, initial=0.0) / unit for each in (apart, np.where(apart > radius, apart, 0.0)))
    return float(moved), float(beyond)


def _error(value: np.ndarray, truth: _Truth | None, dtype: str) -> Error:
    """The worst error of a value; none where there is no truth."""
    if truth is None or not value.size:
        return NO_ERROR
    error = np.nan_to_num(truth.error(value), nan=np.inf)
    return Error(float((error / balls.ulp(truth.hi, dtype)).max()), float(error.max() / (truth.scale or 1.0)))


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The distance entry by entry; none between two NaN or two equal infinities."""
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.nan_to_num(abs(a - b), nan=np.inf))


def _kind(
    old: SideTensor,
    new: SideTensor,
    a: np.ndarray,
    b: np.ndarray,
    truths: list[_Truth | None],
    same_function: bool,
    dtype: str,
    little: bool,
) -> Kind:
    if new.wrong and not old.wrong:
        if new.rule is Verdict.DISAGREE and not little:
            return Kind.WRONG
        if np.isfinite(a).all() and not np.isfinite(b).all():
            return Kind.RANGE
        return Kind.DIGITS if same_function else Kind.FUNCTION
    if old.wrong and not new.wrong:
        return Kind.FIXED
    if _identical(old, new):
        return Kind.SAME
    if new.wrong:
        return Kind.STILL_WRONG
    if not same_function or (_differ(*truths) and Verdict.KINK not in (old.verdict, new.verdict)):
        return Kind.FUNCTION
    # new code that leaves exact arithmetic, by a cast say, has no truth of its own: it is held to the old one
    borrowed = truths[1] is None and truths[0] is not None and old.verdict is Verdict.AGREE
    if borrowed and not _within(b, truths[0]):
        return Kind.DIGITS
    if new.verdict is Verdict.IMPRECISE and old.verdict is Verdict.AGREE:
        return Kind.DIGITS
    if _rounding(a, b, truths, dtype):
        return Kind.ROUNDING
    return _beyond_rounding(old, new)


def _beyond_rounding(old: SideTensor, new: SideTensor) -> Kind:
    if Verdict.KINK in (old.verdict, new.verdict):
        return Kind.CONVENTION
    if new.verdict is Verdict.OUT_OF_RANGE and old.verdict is not Verdict.OUT_OF_RANGE:
        return Kind.RANGE
    if old.reason == new.reason == BESIDE:
        return Kind.ROUNDING
    if NOT_FINITE in (old.reason, new.reason):
        return Kind.NOT_FINITE
    beyond = (Verdict.OUT_OF_RANGE, Verdict.ILL_CONDITIONED)
    return Kind.BEYOND if old.verdict in beyond and new.verdict in beyond else Kind.UNJUDGED


def _identical(old: SideTensor, new: SideTensor) -> bool:
    a, b = np.asarray(old.value), np.asarray(new.value)
    return a.dtype == b.dtype and a.shape == b.shape and (a.tobytes() == b.tobytes() or _same_nans(a, b))


def _same_nans(a: np.ndarray, b: np.ndarray) -> bool:
    """NaN where the other has NaN, whatever its bits; everything else identical to the bit."""
    nans = np.isnan(a) if a.dtype.kind not in "iub" else np.zeros(a.shape, bool)
    return bool(nans.any()) and np.array_equal(nans, np.isnan(b)) and a[~nans].tobytes() == b[~nans].tobytes()


def differ(old: SideTensor, new: SideTensor) -> bool:
    """Do the truths of the two sides about this tensor differ?"""
    with np.errstate(all="ignore"):
        return _differ(_truth(old), _truth(new))


def _differ(old: _Truth | None, new: _Truth | None) -> bool:
    if old is None or new is None or old.hi.shape != new.hi.shape:
        return False
    # a constant in other words (1/6, 0.1666...) is rounded otherwise, and is the same function
    return bool(np.any(abs((new.hi - old.hi) + (new.lo - old.lo)) > old.allowed + new.allowed))


def _within(value: np.ndarray, truth: _Truth | None) -> bool:
    return truth is not None and bool(np.all(np.nan_to_num(truth.error(value), nan=np.inf) <= truth.allowed))


def _rounding(a: np.ndarray, b: np.ndarray, truths: list[_Truth | None], dtype: str) -> bool:
    """Does rounding explain the difference: are the two no further apart than both tolerances together?"""
    known = [truth for truth in truths if truth is not None]
    apart = _apart(a, b)
    if known:
        # below the smallest normal number an ulp is all there is, whatever the formula
        least = float(balls.ulp(np.zeros(()), dtype))
        return bool(np.all(apart <= least + sum(truth.allowed for truth in known)))
    # an infinite entry says nothing of how far finite ones are rounded
    scale = max(float(abs(each[np.isfinite(each)]).max(initial=0.0)) for each in (a, b))
    return bool(np.all(apart <= LAST_ULPS * float(balls.ulp(np.asarray(scale), dtype))))
