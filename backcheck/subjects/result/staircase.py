"""Is the forward a staircase: an iteration that ends at a tolerance, or after so many halvings?

Such code computes a smooth function up to its own resolution. On one stair its slope may be anything: that of bisection
is 0, and that of a fixed point lacks what the next iteration would have added. Differences by steps of 2^-112 never
leave the stair. Longer ones do, and what they see is the function that its author means.

A stair ends in a jump, which is looked for along a line, with exact numbers. Either the number of operations tells: it
is another on the next stair, where the iteration ends sooner or later. Or the values do: over some step they move
otherwise than the slope says. The part of the line that has the difference is halved until nothing but a jump explains
what is left. The slope of a smooth function, and that beside a kink, would have nothing left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.problem import Problem
from backcheck_reference.derivatives import along
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact, limits

LOOKED = (10, 4, 2)  # the places +-2^-k of the line, at which the operations are counted
STEPS = (12, 20, 30)  # and the steps over which the values are looked at
FINEST = 130  # the last step is 2^-130, with 256 bits
ROOM = 2.0**20  # a jump is this many times what the slope explains
SLOPE_STEP = 112


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the line, the weighed value there, and the number of operations that it took."""

    at: Any
    value: Any
    work: tuple[int, ...]


Line = Callable[[Any], Point]


def jump(problem: Problem, by_values: bool) -> float:
    """The height of one jump of the weighed forward value near the point. 0 where none is found.

    It is looked for where the number of operations changes, and with `by_values` also where the values tell.
    """
    try:
        with exact.bits(exact.LADDER[0][0]), np.errstate(all="ignore"):
            point = _on_a_line(problem)
            middle = point(flint.arb(0))
            slope = (point(_power(-SLOPE_STEP)).value - middle.value) / _power(-SLOPE_STEP)
            return _by_work(point, middle, slope) or (by_values and _by_values(point, middle, slope)) or 0.0
    except Exception:  # what the code raises on exact numbers is known already
        return 0.0


def _power(exponent: int) -> Any:
    return flint.arb(2) ** exponent


def _on_a_line(problem: Problem) -> Line:
    arrays = {name: exact.lift(array) for name, array in problem.arrays.items()}
    v = {n: exact.lift(part) for n, part in along.directions(problem.arrays, problem.wanted, seed=9).items()}
    dy = exact.lift(problem.dy)

    def point(t: Any) -> Point:
        with limits.counting() as work:
            value = problem.function({**arrays, **{n: arrays[n] + part * t for n, part in v.items()}})
        exact.require_exact("the forward value", value)
        return Point(t, exact.dot(dy, value), tuple(work))

    return point


def _by_work(point: Line, middle: Point, slope: Any) -> float:
    """A jump at the nearest place looked at, to either side, where the code does more or less than at the middle."""
    for power in LOOKED:
        for sign in (1, -1):
            end = point(sign * _power(-power))
            if end.work != middle.work:
                return _halved(point, middle, end, slope, lambda start, half, _: start.work != half.work)
    return 0.0


def _by_values(point: Line, middle: Point, slope: Any) -> float:
    """A jump to one side of the middle, within the shortest step over which the values move otherwise than the slope
    says."""

    def off(start: Point, end: Point) -> Any:
        return abs(end.value - start.value - slope * (end.at - start.at)).mid()

    for power in reversed(STEPS):
        up, down = point(_power(-power)), point(-_power(-power))
        end = up if off(middle, up) >= off(middle, down) else down
        found = _halved(point, middle, end, slope, lambda a, half, b: bool(off(a, half) >= off(half, b)))
        if found:
            return found
    return 0.0


def _halved(point: Line, start: Point, end: Point, slope: Any, is_first: Callable[[Point, Point, Point], bool]) -> float:
    """The jump between two points, by halving what is between them; 0 where there is none."""
    scale = abs(slope).max(abs(end.value - start.value) / abs(end.at - start.at))
    while abs(end.at - start.at) > _power(-FINEST):
        half = point(((start.at + end.at) / 2).mid())
        start, end = (start, half) if is_first(start, half, end) else (half, end)
        height = abs(end.value - start.value)
        if height > scale * ROOM * abs(end.at - start.at):
            return float(height.mid())
    return 0.0
