"""How far a gradient moves over the width of the balls that it is taken at, by a few directions in place of each entry.

The gradient g at the middles is known entry by entry. At the upper ends the forward alone tells <g', v> along any
direction v, in two runs. Along random signs the difference to <g, v> is about as large as all changes of single entries
together, so a few such directions bound them all. To know each change by itself would take a Jacobian more.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.derivatives.along import unit
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import LADDER, bits, finite, lift, total

PROBES = 3
# Of three directions the largest difference is below an eighth of the root of the sum of squares once in a thousand
# times, as for three normal numbers.
ROOM = 8
SMOOTH = (
    2.0**-10
)  # a difference beyond this part of the terms is no matter of width: a kink lies between the two points

Inputs = Sequence[np.ndarray]


def within_a_step(middle: Inputs, upper: Inputs) -> bool:
    """Are the balls narrower than the step of the differences at their middles, which then hold all that they hold?"""
    step = flint.arb(2) ** -LADDER[0][1]
    with bits(LADDER[0][0]):
        return all(
            bool(np.all(abs(above - below) <= step * lift(unit(below))))
            for below, above in zip(middle, upper, strict=True)
            if below.dtype == object
        )


def change(
    function: Callable[..., np.ndarray],
    upper: Inputs,
    which: int,
    dy: Sequence[Any],
    x: np.ndarray,
    grad: Sequence[Any],
) -> list[Any] | None:
    """For each entry of input number `which`, how far its gradient at `upper` may be from `grad`, that at its middle x.

    None where a few directions do not tell: beside a kink, where a value is not finite, and where digits are lost.
    """
    sizes, rng = lift(unit(x)), np.random.Generator(np.random.PCG64(11))
    with bits(LADDER[0][0]):
        h, found = flint.arb(2) ** -LADDER[0][1], flint.arb(0)
        known, weights = np.array(grad, dtype=object), np.array([flint.arb(d).mid() for d in dy], dtype=object)
        for _ in range(PROBES):
            v = sizes * rng.choice((-1, 1), x.shape)
            ends = []
            for move in (-h, h):
                moved = [*upper[:which], upper[which] + move * v, *upper[which + 1 :]]
                ends.append(np.ravel(function(*moved)))
            terms = known * v.ravel()
            slope, want, size = total(weights * (ends[1] - ends[0]) / (2 * h)), total(terms), total(abs(terms))
            away = abs((slope - want).mid())
            if not finite(np.array([slope, want, size])).all() or away + slope.rad() > SMOOTH * size.mid():
                return None
            found = max(found, away + slope.rad())
        return [ROOM * found / each for each in sizes.ravel()]
