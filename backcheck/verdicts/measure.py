"""One answer for one tensor, measured against the truth: how far off, how much was allowed, and the verdict."""

from dataclasses import dataclass, replace

import numpy as np

from backcheck.keys import TensorKey
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts.parties import Answer
from backcheck.verdicts.truth.tolerance import Known
from backcheck.verdicts.truth.truth import Truth
from backcheck_reference.numbers.balls import BITS, LARGEST, SLACK, SMALLEST
from backcheck_reports.record import Verdict

# Where rounding may move an entry by more than this part of its tensor, agreement would prove little.
ILL_CONDITIONED = 1e-3
# Another formula for the same thing may pass through larger numbers than ours: by this factor when the answer is
# finite, and through their squares when it is not.
OTHER_FORMULA = 2.0**8


Key = tuple[TensorKey, str]  # a tensor, and the party whose answer is judged


@dataclass(frozen=True, slots=True)
class Measure:
    """One party's answer for one tensor against the truth: how far, where, and what was allowed there."""

    verdict: Verdict
    absolute: float = np.nan
    relative: float = np.nan
    ulps: float = np.nan
    fraction: float = np.nan
    allowed: float = np.nan
    resolution: float = np.nan
    index: tuple[int, ...] = ()
    got: float = np.nan
    want: float = np.nan
    reason: str = ""


def fractions(got: np.ndarray, known: Known) -> tuple[np.ndarray, np.ndarray]:
    """The error at each entry as a part of what rounding explains there, and the error itself."""
    with np.errstate(all="ignore"):
        error = abs((got - known.hi) - known.lo)
        fraction = error / known.allowed
        if np.isfinite(fraction.max(initial=0.0)):
            return fraction, error
        error = np.where(np.isnan(error), np.inf, error)
        fraction = np.where(error == 0, 0.0, error / known.allowed)
    # an infinite error within an infinite allowance is explained as well
    return np.where(np.isnan(fraction), 0.0, fraction), error


def hull_fractions(got: np.ndarray, known: Known) -> np.ndarray:
    """How far out each entry lies in the hull of every branch and convention: above 1 is outside."""
    if known.centre is None or known.reach is None:
        return np.full(known.hi.shape, np.inf)
    with np.errstate(all="ignore"):
        away = abs(got - known.centre)
        fraction = np.where(away == 0, 0.0, away / known.reach)
        fraction = np.where(np.isinf(known.reach) & ~np.isnan(away), 0.0, fraction)
    return np.where(np.isnan(fraction), np.inf, fraction)


def explained(got: np.ndarray, known: Known) -> np.ndarray:
    """The error of each entry in parts of what rounding, or any branch and convention, explains there."""
    fraction = fractions(got, known)[0]
    return fraction if known.centre is None else np.minimum(fraction, hull_fractions(got, known))


def measure(problem: Problem, party: str, answer: Answer, truth: Truth, key: TensorKey) -> Measure:
    """The verdict on one party's answer for one tensor."""
    if answer.unavailable:
        return Measure(Verdict.UNAVAILABLE, reason=answer.unavailable)
    if answer.malformed and key in answer.malformed:
        # the subject promises its arrays' own shape and dtype; a framework that returns another cannot be compared
        return Measure(Verdict.DISAGREE if party == SUBJECT else Verdict.UNAVAILABLE, reason=answer.malformed[key])
    if key not in truth.known:
        return Measure(Verdict.UNAVAILABLE, reason=f"no reference value: {truth.why}")
    known, got = truth.known[key], answer.tensors[key].astype(np.float64)
    if known.absent is not None:
        return _where_told(problem.dtype, truth, known, got)
    fraction, error = fractions(got, known)
    if not fraction.size:
        return Measure(Verdict.VACUOUS, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, reason="the tensor has no entries")
    allowed = known.allowed
    if fraction.max() > 1 and known.centre is not None:
        fraction, allowed = np.minimum(fraction, hull_fractions(got, known)), reach_of(known)
    return _measured(problem.dtype, truth, known, got, error, fraction, allowed)


def _where_told(dtype: str, truth: Truth, known: Known, got: np.ndarray) -> Measure:
    """The verdict where some entries have no truth: a wrong entry among the others is wrong, and else nothing is said.

    Beside a forward that is not finite, 0 times infinity makes many a right backward NaN: that is no fault either.
    """
    assert known.absent is not None
    judged = np.isfinite(got) & ~known.absent
    got = np.where(judged, got, known.hi)
    fraction, error = fractions(got, known)
    # next to an entry such as 1/0 the largest number on the way is any number, and excuses nothing
    found = _measured(dtype, replace(truth, peak=0.0), known, got, error, fraction, known.allowed)
    if found.verdict is Verdict.DISAGREE:
        return found
    others = int(judged.sum())
    rest = "no other entry is there to judge" if not others else "the one other entry agrees"
    if others > 1:
        rest = f"the {others} others agree"
    if others and found.verdict not in (Verdict.AGREE, Verdict.KINK):
        rest = f"the rest: {found.reason}"
    return replace(found, verdict=Verdict.UNAVAILABLE, reason=f"no truth: {known.why}; {rest}")


def _measured(
    dtype: str,
    truth: Truth,
    known: Known,
    got: np.ndarray,
    error: np.ndarray,
    fraction: np.ndarray,
    allowed: np.ndarray,
) -> Measure:
    at, most = np.unravel_index(int(fraction.argmax()), fraction.shape), float(allowed.max())
    worst, scale, part = float(error.max()), known.scale, float(fraction[at])
    room = truth.peak and truth.peak * (OTHER_FORMULA if np.isfinite(got).all() else truth.peak)
    verdict, reason = _verdict(dtype, truth, known, part, most, room > LARGEST[dtype])
    with np.errstate(over="ignore"):  # where the truth is 0, an error of 1e-15 is more ulps than a float64 can say
        ulps = float((error / known.unit).max())
    return Measure(
        verdict,
        absolute=worst,
        relative=worst / scale if scale else worst,
        ulps=ulps,
        fraction=part,
        allowed=float(allowed[at]),
        resolution=most / scale if scale else np.inf,
        index=tuple(map(int, at)),
        got=float(got[at]),
        want=float(known.hi[at]),
        reason=reason,
    )


def reach_of(known: Known) -> np.ndarray:
    """How far from the truth an answer may be at each entry if every branch and every convention is allowed."""
    if known.centre is None or known.reach is None:
        return known.allowed
    with np.errstate(all="ignore"):
        hull = known.reach + abs(known.centre - known.hi)
    return np.where(np.isfinite(hull), np.maximum(known.allowed, hull), np.inf)


def is_near_smallest(known: Known) -> bool:
    """Is the whole tensor so small that its entries have few digits left, or none?"""
    return known.scale < SMALLEST[known.dtype] * 2.0 ** BITS[known.dtype]


def _verdict(
    dtype: str, truth: Truth, known: Known, fraction: float, allowed: float, overflowed: bool
) -> tuple[Verdict, str]:
    well = allowed <= SLACK * limit(dtype) * known.scale
    if overflowed and (fraction > 1 or not (well or known.kink)):
        return Verdict.OUT_OF_RANGE, f"a number on the way is near or beyond what {dtype} holds"
    if fraction > 1:
        if truth.undecided:
            return Verdict.ILL_CONDITIONED, f"rounding can change a choice: {truth.undecided}"
        return Verdict.DISAGREE, ""
    if known.scale == 0 and np.isfinite(allowed):
        return Verdict.VACUOUS, "the truth is zero in every entry here"
    if known.kink:
        return Verdict.KINK, "the point is not differentiable; the answer lies between the one-sided slopes"
    if is_near_smallest(known):
        return Verdict.OUT_OF_RANGE, f"the truth is near the smallest numbers of {dtype}"
    if not well:
        return Verdict.ILL_CONDITIONED, "rounding alone can move an entry by more than a thousandth of the tensor"
    return Verdict.AGREE, ""


def limit(dtype: str) -> float:
    """Where ill-conditioning begins: a thousandth, or 32 ulps where the dtype is coarser than that."""
    return max(ILL_CONDITIONED, 32 * 2.0 ** (1 - BITS[dtype]))
