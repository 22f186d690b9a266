"""The tolerance: how far from the truth rounding can push an answer, tensor by tensor and entry by entry.

The same computation runs on balls of the dtype's precision whose radius collects every rounding. SLACK times that
radius is what an answer may be off. Where that is not enough, because a comparison hangs on rounding or the point is a
kink, hulls follow: balls that hold what every branch would give.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backcheck.keys import TensorKey, gradient, keyed
from backcheck.problem import Problem
from backcheck.verdicts.truth import walk as nodewise
from backcheck.verdicts.truth.node import State
from backcheck_reference.derivatives import along
from backcheck_reference.numbers import balls, exact

# An exact hull wider than this part of its entry depends on a convention; one below TINY of the tensor is rounding.
KINK_WIDTH, TINY = 1e-12, 1e-40

# middle and radius of each tensor's balls
Spans = dict[TensorKey, tuple[np.ndarray, np.ndarray]]
Lifted = tuple[dict[str, np.ndarray], np.ndarray]


def lifted(problem: Problem) -> Lifted:
    """What goes into a problem, as exact numbers: the arrays by name, and the cotangent."""
    return {name: exact.lift(array) for name, array in problem.arrays.items()}, exact.lift(problem.dy)


@dataclass(frozen=True)
class Known:
    """The truth about one tensor: `hi + lo` to 32 digits, and the allowed distance from it at each entry.

    Found the careful way, it has a hull too: an answer within `reach` of `centre` is right as well. Where not every
    entry has a truth, `absent` says which have none and `why` says so in words; all the numbers are 0 there.
    """

    dtype: str
    hi: np.ndarray
    lo: np.ndarray
    allowed: np.ndarray
    centre: np.ndarray | None = None
    reach: np.ndarray | None = None
    kink: bool = False
    absent: np.ndarray | None = None
    why: str = ""

    @cached_property
    def scale(self) -> float:
        return float(abs(self.hi).max(initial=0.0))

    @cached_property
    def unit(self) -> np.ndarray:
        """An ulp of each entry."""
        return balls.ulp(self.hi, self.dtype)


def rounding(problem: Problem, exactly: Lifted, choose: nodewise.Choose | None = None) -> Spans:
    """The same computation on balls of the dtype's precision: for each tensor their midpoints and radii."""
    numbers, weights = exactly
    arrays = {
        n: numbers[n] if _is_given(problem, n) else balls.half_ulp(array, problem.dtype, numbers=numbers[n])
        for n, array in problem.arrays.items()
    }
    dy = balls.half_ulp(problem.dy, problem.dtype, numbers=weights)
    with balls.run_at(problem.dtype):
        once = balls.rounded(problem.dtype)
        value, grads = nodewise.vjp(problem.network, arrays, dy, problem.rules, choose, once)
    return {key: balls.spans(tensor) for key, tensor in keyed(value, grads).items()}


def _is_given(problem: Problem, name: str) -> bool:
    """Is this an array of whole numbers that is not differentiated? Those are meant as they are: a negative number has
    a square, and no power 2 + 2^-53.
    """
    array = problem.arrays[name]
    if name in problem.wanted or array.dtype.kind in "iub":
        return False
    values = array.astype(np.float64)
    return bool(np.all(np.isfinite(values)) and np.all(values == np.rint(values)) and np.all(values))


def with_constants(
    allowed: dict[TensorKey, np.ndarray],
    doubles: Mapping[TensorKey, tuple[np.ndarray, np.ndarray]],
    walk: nodewise.Walk,
) -> dict[TensorKey, np.ndarray]:
    """The tolerance, widened by what rounded constants in the code do to the truth, as a part of the largest entry."""
    off = balls.SLACK * max((r.residual for r in walk.of(State.RIGHT, State.KINK) if r.reason), default=0.0)
    return {n: each + off * abs(doubles[n][0]).max(initial=0.0) if off else each for n, each in allowed.items()}


def hulls(problem: Problem, choose: nodewise.Choose, lost: float = 1.0) -> tuple[Spans, float, str]:
    """Middle and radius of the ball in which every answer at this dtype must lie, for each tensor.

    `lost` is a factor: how many times more than usual underflow may take away.
    """
    watch = balls.Watch(problem.dtype, times=lost)
    try:
        with balls.run_at(problem.dtype, balls.SLACK_BITS):
            arrays = {
                n: watch.keep(exact.lift(array)) if _is_given(problem, n) else watch.lift(array, problem.dtype)
                for n, array in problem.arrays.items()
            }
            dy = watch.lift(problem.dy, problem.dtype)
            once = balls.rounded(problem.dtype, balls.SLACK)
            value, grads = nodewise.vjp(problem.network, arrays, dy, problem.rules, choose, once)
    except balls.Undecidable as reason:
        return {}, watch.peak, str(reason)
    except Exception as error:  # code that cannot run on hulls leaves the plain tolerance in force
        return {}, watch.peak, f"{type(error).__name__}: {error}"
    found = {key: _hull(np.asarray(tensor).view(np.ndarray)) for key, tensor in keyed(value, grads).items()}
    return found, watch.peak, ""


def _hull(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middles, reach = balls.spans(tensor)
    return np.where(np.isfinite(reach), middles, 0.0), reach


def kinked(problem: Problem, choose: nodewise.Choose, walk: nodewise.Walk) -> tuple[set[TensorKey], float]:
    """The tensors whose gradient depends on the convention taken at an exact kink, and the largest number on the way.

    The balls are tiny, so they stay finite where balls of the dtype's precision would hold every number.
    """
    watch = balls.Watch(problem.dtype, floor=0)
    at_kink = bool(walk.of(State.KINK, State.WRONG))
    try:
        with exact.bits(exact.LADDER[0][0]):
            arrays = {name: watch.point(array) for name, array in problem.arrays.items()}
            _, grads = nodewise.vjp(problem.network, arrays, watch.point(problem.dy), problem.rules, choose)
    except Exception:  # no hull: every tensor may depend on the convention
        return _bent(problem, set(problem.gradients)) if at_kink else set(), watch.peak
    hulls_of = {name: np.asarray(grad).view(np.ndarray) for name, grad in grads.items()} if at_kink else {}
    moved = {gradient(n) for n, hull in hulls_of.items() if _moved(hull, walk.grads[n])}
    # the gradient of a repaired node comes from slopes, which at a flat point differ by the step and nothing else
    return _bent(problem, moved) if walk.repaired and len(problem.network.nodes) == 1 else moved, watch.peak


def _bent(problem: Problem, keys: set[TensorKey]) -> set[TensorKey]:
    """Those of the tensors along whose arrays the forward has a kink, by its one-sided slopes. It alone decides."""
    arrays, dy = lifted(problem)
    try:
        return {key for key in keys if along.is_bent(problem.function, arrays, dy, key.name)}
    except Exception:  # as above
        return keys


def _moved(hull: np.ndarray, grad: np.ndarray) -> bool:
    """Does any entry's exact hull have a width that the tiny balls it was made from do not explain?"""
    width, sizes = balls.radii(hull), abs(exact.to_float(np.asarray(grad)))
    told = np.isfinite(sizes)
    largest = sizes.max(initial=0.0, where=told)
    return bool(np.any(told & (width > KINK_WIDTH * sizes) & (width > TINY * largest)))
