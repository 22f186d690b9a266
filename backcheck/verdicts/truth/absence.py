"""Entries without a truth: which they are, and in words why. Nobody agrees with a number that is not there."""

import numpy as np

from backcheck.keys import OUTPUT, TensorKey
from backcheck.problem import Problem
from backcheck.verdicts.truth.tolerance import Known

MOST_NAMED = 3  # arrays whose entries are shown beside the place
NO_SLOPE = "the slope by"  # begins what is said where the true gradient is no finite number


def told(problem: Problem, key: TensorKey, known: Known) -> Known:
    """The truth of a tensor of which some entries are no finite number: those are marked.

    Such a tensor has no hull. Just beside a place such as 1/0 are numbers of any size, which would excuse everything;
    and a kink of another entry is in its own radius.
    """
    absent = ~np.isfinite(known.hi)
    if not absent.any():
        return known
    hi, lo, allowed = (np.where(absent, 0.0, numbers) for numbers in (known.hi, known.lo, known.allowed))
    return Known(known.dtype, hi, lo, allowed, absent=absent, why=why(problem, key, absent))


def why(problem: Problem, key: TensorKey, absent: np.ndarray) -> str:
    """The first place without a truth: "forward is nan at [2], where x = -3"."""
    return of_forward(problem) or _of_slope(problem, key, absent)


def of_forward(problem: Problem) -> str:
    """Where the forward is not finite in floats. Empty where it is finite everywhere, or raises."""
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(problem.function(problem.arrays)).astype(np.float64)
    except Exception:  # that it raises is said elsewhere
        return ""
    lost = np.argwhere(~np.isfinite(value))
    if not lost.size and np.isfinite(value).all():
        return ""
    at = tuple(map(int, lost[0]))
    shown = f" at {list(at)}" if at else ""
    return f"forward is {value[at]}{shown}{_inputs_there(problem, value.shape, at)}"


def _inputs_there(problem: Problem, shape: tuple[int, ...], at: tuple[int, ...]) -> str:
    """The entries of the arrays that stand at this place, where all shapes are such that this means something."""
    found = []
    for name in problem.wanted:
        array = problem.arrays[name].astype(np.float64)
        if array.size != 1 and (not array.ndim or array.shape != shape):
            return ""
        found.append(f"{name} = {array.reshape(-1)[0] if array.size == 1 else array[at]:.6g}")
    return f", where {' and '.join(found[:MOST_NAMED])}" if found else ""


def _of_slope(problem: Problem, key: TensorKey, absent: np.ndarray) -> str:
    at = tuple(map(int, np.argwhere(absent)[0]))
    shown = f" at {list(at)}" if at else ""
    if key == OUTPUT:
        return f"the forward is no finite number{shown} in exact arithmetic"
    value = float(problem.arrays[key.name].astype(np.float64)[at])
    return f"{NO_SLOPE} {key.name} is not finite{shown}, where {key.name} = {value:.6g}"
