"""The derivative of a function entry by entry from exact differences of it alone: the truth without a backward."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.derivatives.along import unit
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.exact import LADDER, RESOLVED, bits, each_ball, lift, middles, pack

# A Jacobian by differences runs the forward twice for each entry; beyond these sizes it is not tried.
MOST_ENTRIES, MOST_JACOBIAN = 600, 40_000

Inputs = Sequence[np.ndarray]
Columns = list[list[Any]]


def pull_back(
    function: Callable[..., np.ndarray],
    inputs: tuple[np.ndarray, ...],
    which: int,
    dy: np.ndarray,
    derive: Callable[[Inputs, int], Columns] | None = None,
) -> np.ndarray:
    """The cotangent `dy` pulled back to one input by differences of the function alone: the truth without a backward.

    On balls wider than exact numbers the Jacobian is taken at the middles and at the upper ends, and covers both: its
    change over the width of the balls, to first order. Raises Unavailable when the Jacobian is too large for this.
    `derive` is used for `jacobian` of the function: one that remembers its answers, for instance.
    """
    derive = derive or functools.partial(jacobian, function)
    x = inputs[which]
    if x.size > MOST_ENTRIES or x.size * np.size(dy) > MOST_JACOBIAN:
        raise Unavailable(f"the truth would need {x.size} differences of {np.size(dy)} values each; too many here")
    with bits(LADDER[0][0]):
        middle = [middles(a) for a in inputs]
        # the upper ends of the balls, without a width of their own
        upper = [each_ball(lambda b: (b.mid() + b.rad()).mid(), a) if a.dtype == object else a for a in inputs]
    weights = np.asarray(dy).view(np.ndarray).ravel().tolist()
    lower = derive(middle, which)
    ends = zip(lower, lower if same(middle, upper) else derive(upper, which), strict=True)
    numbers = [
        sum((d * a.union(b) for d, a, b in zip(weights, *columns, strict=True)), flint.arb(0)) for columns in ends
    ]
    return pack(x.shape, numbers)


def same(some: Inputs, others: Inputs) -> bool:
    """Are these the same numbers, array by array?"""
    pairs = zip(some, others, strict=True)
    return all(a.shape == b.shape and a.ravel().tolist() == b.ravel().tolist() for a, b in pairs)


def jacobian(function: Callable[..., np.ndarray], inputs: Inputs, which: int) -> Columns:
    """The derivative of every output by each entry of one input, at exact numbers and the ladder's first precision."""
    precision, step = LADDER[0]
    with bits(precision):
        steps = flint.arb(2) ** -step * lift(unit(inputs[which]))
        value = np.ravel(function(*inputs))
        return [_column(function, inputs, which, index, steps[index], value) for index in np.ndindex(steps.shape)]


def _column(
    function: Callable[..., np.ndarray], inputs: Inputs, which: int, index: Any, h: Any, value: np.ndarray
) -> list[Any]:
    """The derivative of every output by one entry: the middle of two slopes that differ by no more than the step
    explains, and at a kink the ball that holds both.
    """
    ends = []
    for move in (-h, h):
        moved = inputs[which].copy()
        moved[index] = moved[index] + move
        ends.append(np.ravel(function(*inputs[:which], moved, *inputs[which + 1 :])))
    down, up = (value - ends[0]) / h, (ends[1] - value) / h
    slopes = []
    for a, b in zip(down, up, strict=True):
        middle, gap = (a + b) / 2, abs(a - b).mid()
        slopes.append(middle if gap <= RESOLVED**0.5 * abs(middle).mid() else a.union(b))
    return slopes
