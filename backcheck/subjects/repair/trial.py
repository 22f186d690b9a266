"""A candidate on one case whose truth is known: run in floats, and laid beside the truth. It is the hot path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backcheck.keys import TensorKey, gradient
from backcheck.problem import Problem
from backcheck.time_limit import OutOfTime, time_limit
from backcheck.verdicts.truth.tolerance import Known
from scratch_bp.rules import Rule

# beside the truth, as a part of the tensor: what is further off is no rounding, and what is nearer is proved exactly
ROOM = {"float64": 1e-7, "float32": 1e-3}
COARSE = 0.05
SECONDS = 0.3  # for one candidate: its cases have a few entries


class Wanted(NamedTuple):
    """The truth about one gradient, and how far from it an answer may be; 0 and no limit where there is no truth."""

    name: str
    at: int
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

    rule: Rule
    arrays: tuple[np.ndarray, ...]
    config: Mapping[str, Any]
    dy: np.ndarray
    value: np.ndarray
    wanted: tuple[Wanted, ...]

    @property
    def entries(self) -> int:
        return sum(each.truth.size for each in self.wanted)

    def run(self) -> Sequence[Any]:
        """The gradients. Raises what the code raises, and OutOfTime."""
        with time_limit(SECONDS):
            value, saved = self.rule.forward(*self.arrays, **self.config)
            if not np.array_equal(_flat(value), self.value, equal_nan=True):
                raise ValueError("its forward is another one now")
            return self.rule.backward(saved, self.dy)

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


def _flat(value: Any) -> np.ndarray:
    parts = value if isinstance(value, tuple) else (value,)
    return np.concatenate([np.ravel(np.asarray(part, np.float64)) for part in parts])


def _right(grads: Sequence[Any], wanted: Wanted) -> np.ndarray | None:
    """Which entries are right; None where there is no such tensor."""
    got = grads[wanted.at] if wanted.at < len(grads) else None
    if got is None or np.shape(got) != wanted.truth.shape:
        return None
    off = np.abs(np.asarray(got, np.float64) - wanted.truth)
    found: np.ndarray = off <= wanted.room
    return found


def _factor(grads: Sequence[Any], wanted: Wanted) -> float:
    """The number that the truth was multiplied by; NaN where there is none."""
    got = grads[wanted.at] if wanted.at < len(grads) else None
    if got is None or np.shape(got) != wanted.truth.shape or wanted.truth.size < 3:
        return np.nan
    found, truth = np.asarray(got, np.float64).ravel(), wanted.truth.ravel()
    norm = float(truth @ truth)
    factor = float(found @ truth) / norm if norm else 0.0
    if not factor or not np.isfinite(factor):
        return np.nan
    off = np.abs(found - factor * truth).max()
    return factor if off <= abs(factor) * float(np.max(wanted.room)) else np.nan


def trial_case(problem: Problem, known: Mapping[TensorKey, Known]) -> TrialCase | None:
    """The case of a problem; None where of no gradient the truth is known."""
    if len(problem.network.nodes) != 1:
        return None
    node = problem.network.nodes[0]
    wanted = []
    for at, name in enumerate(node.reads):
        found = known.get(gradient(name)) if name in problem.wanted else None
        if found is None:
            continue
        room = found.allowed + ROOM.get(problem.dtype, COARSE) * max(found.scale, 1e-300)
        truth = found.hi
        if found.centre is not None and found.reach is not None:  # at a kink every slope between is right
            hull = found.reach + np.abs(found.centre - truth)
            room = np.where(np.isfinite(found.reach), np.maximum(room, hull), room)
        if found.absent is not None:
            room = np.where(found.absent, np.inf, room)
        wanted.append(Wanted(name, at, np.asarray(truth), np.asarray(room)))
    if not wanted:
        return None
    arrays = tuple(problem.arrays[name] for name in node.reads)
    rule = problem.rules[node.rule]
    try:
        with np.errstate(all="ignore"):
            value = rule.forward(*arrays, **node.config)[0]
    except Exception:  # what raises tells nothing
        return None
    return TrialCase(rule, arrays, node.config, problem.dy, _flat(value), tuple(wanted))
