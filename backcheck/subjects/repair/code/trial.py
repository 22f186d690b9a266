"""A candidate on one case whose truth is known: run in floats, and laid beside the truth. It is the hot path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from backcheck.keys import TensorKey, gradient
from backcheck.problem import Problem
from backcheck.time_limit import OutOfTime, time_limit
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reference.derivatives.differences import directional

# beside the truth, as a part of the tensor: what is further off is no rounding, and what is nearer is proved exactly
ROOM = {"float64": 1e-7, "float32": 1e-3}
COARSE = 0.05
SECONDS = 0.3  # for one candidate: its cases have a few entries


class Wanted(NamedTuple):
    """The truth about one gradient, and how far from it an answer may be; 0 and no limit where there is no truth."""

    name: str
    truth: np.ndarray
    room: np.ndarray


class Marks(NamedTuple):
    """What one run came to: which tensors are right, the part of all entries that is, and by what factor each is off.

    A factor is NaN where the tensor is no multiple of the truth.
    """

    right: tuple[bool, ...]
    share: float
    factors: tuple[float, ...]

    @property
    def all_right(self) -> bool:
        return all(self.right)

    @property
    def is_multiple(self) -> bool:
        """Is every tensor a multiple of the truth?"""
        return bool(np.isfinite(self.factors).all())

    @property
    def rank(self) -> tuple[int, int, float]:
        """The larger the better."""
        return sum(self.right), int(np.count_nonzero(np.isfinite(self.factors))), self.share

    def better_than(self, other: "Marks") -> bool:
        """Is any tensor right, or a multiple of the truth, or more of the entries, and none worse?"""
        if any(was and not now for was, now in zip(other.right, self.right, strict=True)):
            return False
        (right, multiples, share), (rights, others, shares) = self.rank, other.rank
        return right > rights or multiples > others or (share > shares + 1e-9 and multiples == others)


@dataclass(frozen=True, slots=True)
class TrialCase:
    """One case with its truth, as far as that is known."""

    problem: Problem
    value: np.ndarray
    wanted: tuple[Wanted, ...]

    @property
    def entries(self) -> int:
        return sum(each.truth.size for each in self.wanted)

    def run(self) -> Mapping[str, Any]:
        """The gradients. Raises what the code raises, and OutOfTime."""
        with time_limit(SECONDS):
            value, grads = self.problem.vjp(self.problem.arrays, self.problem.dy)
        if not np.array_equal(value, self.value, equal_nan=True):
            raise ValueError("its forward is another one now")
        return grads

    def marks(self) -> Marks:
        """How right the gradients are. What raises is wrong in all of them."""
        try:
            grads = self.run()
        except (Exception, SystemExit, OutOfTime):
            return Marks((False,) * len(self.wanted), 0.0, (np.nan,) * len(self.wanted))
        right, entries, total, factors = [], 0, 0, []
        for each in self.wanted:
            good = _right(grads, each)
            total += each.truth.size
            entries += int(np.count_nonzero(good)) if good is not None else 0
            right.append(good is not None and bool(good.all()))
            factors.append(1.0 if right[-1] else _factor(grads, each))
        return Marks(tuple(right), entries / max(total, 1), tuple(factors))


def _right(grads: Mapping[str, Any], wanted: Wanted) -> np.ndarray | None:
    """Which entries are right; None where there is no such tensor."""
    got = grads.get(wanted.name)
    if got is None or np.shape(got) != wanted.truth.shape:
        return None
    off = np.abs(np.asarray(got, np.float64) - wanted.truth)
    found: np.ndarray = off <= wanted.room
    return found


def _factor(grads: Mapping[str, Any], wanted: Wanted) -> float:
    """The number that the truth was multiplied by; NaN where there is none."""
    got = grads.get(wanted.name)
    if got is None or np.shape(got) != wanted.truth.shape or wanted.truth.size < 3:
        return np.nan
    found, truth = np.asarray(got, np.float64).ravel(), wanted.truth.ravel()
    norm = float(truth @ truth)
    factor = float(found @ truth) / norm if norm else 0.0
    if not factor or not np.isfinite(factor):
        return np.nan
    off = np.abs(found - factor * truth).max()
    return factor if off <= abs(factor) * float(np.max(wanted.room)) else np.nan


def of_truth(problem: Problem, known: Mapping[TensorKey, Known]) -> TrialCase | None:
    """The case of a problem by its exact truth; None where of no gradient that is known.

    It runs in float64, where that is wider: the truth is the same, and what the dtype loses is no matter here.
    """
    problem, wanted = _in_double(problem), []
    for name in problem.wanted:
        found = known.get(gradient(name))
        if found is None:
            continue
        room = found.allowed + ROOM.get(problem.dtype, COARSE) * max(found.scale, 1e-300)
        truth = found.hi
        if found.centre is not None and found.reach is not None:  # at a kink every slope between is right
            hull = found.reach + np.abs(found.centre - truth)
            room = np.where(np.isfinite(found.reach), np.maximum(room, hull), room)
        if found.absent is not None:
            room = np.where(found.absent, np.inf, room)
        wanted.append(Wanted(name, np.asarray(truth), np.asarray(room)))
    return _case(problem, wanted)


def of_differences(problem: Problem) -> TrialCase | None:
    """The case of a problem by finite differences, entry by entry: they take a hundredth of the time of exact ones, and
    what they let pass is judged exactly."""
    problem, wanted = _in_double(problem), []
    arrays, dy = problem.arrays, problem.dy
    try:
        value = problem.function(arrays)
        for name in problem.wanted:
            shape = arrays[name].shape
            truth, error = np.zeros(shape), np.zeros(shape)
            for index in np.ndindex(shape):
                along = np.zeros(shape)
                along[index] = max(1.0, abs(float(arrays[name][index])))
                found = directional(problem.function, arrays, value, dy, {name: along})
                truth[index], error[index] = found.value / along[index], found.error / along[index]
            room = 10 * error + ROOM.get(problem.dtype, COARSE) * max(float(np.abs(truth).max(initial=0.0)), 1e-300)
            wanted.append(Wanted(name, truth, room))
    except Exception:  # the forward raises here, or takes no float64
        return None
    return _case(problem, wanted)


def _in_double(problem: Problem) -> Problem:
    arrays = {n: a if a.dtype.kind in "iub" else a.astype(np.float64) for n, a in problem.arrays.items()}
    double = replace(problem, arrays=arrays, dy=problem.dy.astype(np.float64), dtype="float64")
    try:
        double.function(double.arrays)
    except Exception:  # of code that takes no other dtype than its own
        return problem
    return double


def _case(problem: Problem, wanted: Sequence[Wanted]) -> TrialCase | None:
    if not wanted:
        return None
    try:
        return TrialCase(problem, problem.function(problem.arrays), tuple(wanted))
    except Exception:  # what raises tells nothing
        return None
