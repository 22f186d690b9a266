"""Is an answer at a kink one of those that a function has there? By its sums along directions through all arrays.

Entry by entry an answer may lie between the one-sided slopes and be none of the function's own: at max(a, b) with a = b
it is (1, 1), whose slope along (1, 1) is 2 where the function's is 1. So <g, v> is compared with the slopes along v, at
the point and at points beside it. Those have the function's gradients, and what lies between gradients of points that
come ever nearer is all that a convention may choose from (Clarke, 1983, theorem 2.5.1).

Each output has slopes of its own, and the cotangent weighs them. The points lie on either side of every tie: far nearer
than floats do, and as far as rounding in the dtype may reach, since it may decide another tie than exact numbers do.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.derivatives.along import aside_of, towards
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import LADDER, Arrays, Function, bits, dot, finite, flat, lift

PRECISION, STEP = LADDER[1]
NEAR = 200  # points at 2^-200, far from the step and nearer than any float
EITHER = 2  # each entry to a side of its own
SIDES = 16  # points at each distance: more than the orders of three entries that are tied
ROUNDED = 2.0**-40  # a part of the slopes that the step itself may be off by, and float sums

_smaller, _larger = (np.frompyfunc(pick, 2, 1) for pick in (lambda a, b: a.min(b), lambda a, b: a.max(b)))


@dataclass(frozen=True, slots=True)
class Outside:
    """A slope that the function does not have along some direction, and those that it has."""

    slope: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PointOfKink:
    """A function at exact arrays, the cotangent, and how far rounding in the dtype reaches, as a power of two."""

    function: Function
    arrays: Arrays
    dy: np.ndarray
    reach: int

    def outside(self, grads: Mapping[str, np.ndarray], allowed: Mapping[str, np.ndarray], v: Arrays) -> Outside | None:
        """The slope of `grads` along v where it is none of the function's, beyond `allowed` in each entry."""
        with bits(PRECISION), np.errstate(all="ignore"):
            moves = {name: lift(part) for name, part in v.items()}
            slope = float(sum((dot(lift(grads[name]), move) for name, move in moves.items()), flint.arb(0)).mid())
            room = sum(float((abs(v[name]) * allowed[name]).sum()) for name in v)
            low, high = flint.arb(0), flint.arb(0)
            for low, high in self._slopes(moves, flint.arb(slope)):
                ends = float(low.lower()), float(high.upper())
                away = max(ends[0] - slope, slope - ends[1])
                if not away > room + ROUNDED * max(map(abs, (*ends, slope))):
                    return None
            return Outside(slope, float(low.mid()), float(high.mid()))

    def _slopes(self, moves: Arrays, got: Any) -> Iterator[tuple[Any, Any]]:
        """The least and the most of the weighed slopes: at the point, then with all points beside it, and then with
        those on the way to where the slope is the one that was given."""
        weights = flat(self.dy)
        low, high = self._ends(self.arrays, moves)
        yield _weighed(weights, low, high)
        rng = np.random.Generator(np.random.PCG64(0))
        for reach in (NEAR, self.reach):
            for _ in range(SIDES):
                aside = {name: aside_of(rng, EITHER, self.arrays[name]) for name in moves}
                found = self._ends(self._beside(aside, reach), moves)
                low, high = _smaller(low, found[0]), _larger(high, found[1])
            yield _weighed(weights, low, high)
        near = functools.partial(self._slopes_near, moves)
        for ends in towards(got, weights, near, aside, low, high):
            yield _weighed(weights, *ends)

    def _slopes_near(self, moves: Arrays, aside: Arrays) -> tuple[np.ndarray, np.ndarray]:
        return self._ends(self._beside(aside, NEAR), moves)

    def _beside(self, aside: Arrays, reach: int) -> Arrays:
        moved = {name: self.arrays[name] + lift(part) * flint.arb(2) ** -reach for name, part in aside.items()}
        return {**self.arrays, **moved}

    def _ends(self, at: Arrays, moves: Arrays) -> tuple[np.ndarray, np.ndarray]:
        """Each output's smaller and larger slope. One that is not finite may be anything."""
        h = flint.arb(2) ** -STEP
        values = [flat(self.function({**at, **{n: at[n] + t * move for n, move in moves.items()}})) for t in (-h, 0, h)]
        slopes = (values[1] - values[0]) / h, (values[2] - values[1]) / h
        told = functools.reduce(np.logical_and, map(finite, slopes))
        anything = flint.arb(0, 1) * flint.arb(2) ** 2000
        down, up = (np.where(told, each, anything) for each in slopes)
        return _smaller(down, up), _larger(down, up)


def _weighed(weights: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
    centre, spread = dot(weights, low + high) / 2, dot(abs(weights), high - low) / 2
    return centre - spread, centre + spread
