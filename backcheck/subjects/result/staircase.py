"""Is the forward a staircase: an iteration that ends at a tolerance, or after so many halvings?

Such code computes a smooth function up to its own resolution. On one stair its slope may be anything: that of bisection
is 0, and that of a fixed point lacks what the next iteration would have added. Differences by steps of 2^-112 never
leave the stair. Longer ones do, and what they see is the function that its author means.

A stair ends in a jump, which is looked for along a line, with exact numbers. Either the number of operations tells: it
is another on the next stair, where the iteration ends sooner or later. Or the values do: over some step they move
otherwise than the slope says. The part of the line that has the difference is halved until nothing but a jump explains
what is left. The slope of a smooth function, and that beside a kink, would have nothing left.

Code that calls floor, round or sign is meant to jump, and its slope is that of its steps: values tell nothing there.

How far a stair's slope may be from that of the function: let the iteration's error be e on a stair of length l. It
grows from one end to the other, from r s to s where s is the height of the jump, so its slope is about log(1/r) s / l.
An iteration converges quadratically at best, from s to s^2. So the slope is off by no more than log(1/s) s / l.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.problem import Problem
from backcheck_reference.derivatives.fits import FIRST
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact, limits
from backcheck_reference.numbers.scalars.steps import steps_seen

LOOKED = (10, 4, 2, 0)  # the places 2^-k of the line, at which the operations are counted
LONGEST = 1.0  # half a stair whose end is at none of these
STEPS = range(30, 400, 16)  # the steps 2^-k over which the values are looked at
FALLEN = 2.0**10  # below the length of a stair nothing is left of what the values move otherwise
MORE_WORK = 10  # times the operations at the point
HALVED, ROOM = 110, 2.0**20  # times; and a jump is this many times what the slope explains


@dataclass(frozen=True, slots=True)
class Stair:
    """The stair that a point lies on: the height of the jump at its end, as a part of `size`, and its length.

    The length is 0 where it is less than the steps by which the stair was found.
    """

    height: float
    length: float
    size: float

    @property
    def resolution(self) -> float:
        """How far the slope may be from that of the function, by differences over steps of 2^-8 and more."""
        part = max(self.size / self.height, np.e)
        return float(np.log(part)) * self.height / max(self.length, 2.0**FIRST)


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the line, the weighed value there, and the number of operations that it took."""

    at: Any
    value: Any
    work: tuple[int, ...]


Line = Callable[[Any], Point]


def stair(problem: Problem, v: Mapping[str, np.ndarray], by_values: bool) -> Stair | None:
    """The stair that the weighed forward value is on, along `v`; None where no jump is found.

    It is looked for where the number of operations changes, and with `by_values` also where the values tell.
    """
    looks = (_by_work, _by_values) if by_values else (_by_work,)
    for look, (precision, step) in zip(looks, exact.LADDER, strict=False):
        try:
            with exact.bits(precision), np.errstate(all="ignore"):
                with steps_seen() as jumping:
                    line = _on_a_line(problem, v, step)
                found = None if jumping and look is _by_values else look(*line)
        except Exception:  # what the code raises on exact numbers is known already
            return None
        if found is not None:
            return found
    return None


def _power(exponent: int) -> Any:
    return flint.arb(2) ** exponent


def _on_a_line(problem: Problem, v: Mapping[str, np.ndarray], step: int) -> tuple[Line, Point, Any]:
    """The line, the point in its middle, and the slope there over a step of 2^-`step`."""
    arrays = {name: exact.lift(array) for name, array in problem.arrays.items()}
    moves = {name: exact.lift(part) for name, part in v.items()}
    dy = exact.lift(problem.dy)

    def point(t: Any) -> Point:
        with limits.counting() as work:
            value = problem.function({**arrays, **{n: arrays[n] + part * t for n, part in moves.items()}})
        exact.require_exact("the forward value", value)
        return Point(t, exact.dot(dy, value), tuple(work))

    middle = point(flint.arb(0))
    return point, middle, (point(_power(-step)).value - middle.value) / _power(-step)


def _by_work(point: Line, middle: Point, slope: Any) -> Stair | None:
    """The stair between the nearest places, to either side, beyond which the code does more or less."""
    ends = [_end(point, middle, slope, sign) for sign in (1, -1)]
    found = [end for end in ends if end is not None]
    if not found:
        return None
    length = sum(LONGEST if end is None else end.length for end in ends)
    return Stair(max(end.height for end in found), length, float(abs(middle.value).mid()))


def _end(point: Line, middle: Point, slope: Any, sign: int) -> Stair | None:
    """One half of the stair, from the middle to its end on this side."""
    for power in LOOKED:
        try:
            with limits.at_most(MORE_WORK * sum(middle.work)):
                end = point(sign * _power(-power))
        except limits.Stopped:  # an iteration that converges at the point need not do so elsewhere
            return None
        if end.work != middle.work:
            height, at = _halved(point, middle, end, slope, lambda start, half, _: start.work != half.work)
            return Stair(height, abs(at), 0.0) if height else None
    return None


def _by_values(point: Line, middle: Point, slope: Any) -> Stair | None:
    """A stair that is shorter than steps over which the values move otherwise than the slope in the middle says."""

    def off(start: Point, end: Point) -> Any:
        return abs(end.value - start.value - slope * (end.at - start.at)).mid()

    def away(end: Point) -> float:
        return float(off(middle, end) / abs(end.at))

    far = None
    for power in STEPS:
        end = max((point(sign * _power(-power)) for sign in (1, -1)), key=away)
        if far is not None and away(end) * FALLEN < away(far):
            break
        far = end
    if far is None:
        return None
    height, _ = _halved(point, middle, far, slope, lambda a, half, b: bool(off(a, half) >= off(half, b)))
    return Stair(height, 0.0, float(abs(middle.value).mid())) if height else None


def _halved(
    point: Line, start: Point, end: Point, slope: Any, is_first: Callable[[Point, Point, Point], bool]
) -> tuple[float, float]:
    """The jump between two points, by halving what is between them, and its place; 0 where there is none."""
    scale = abs(slope).max(abs(end.value - start.value) / abs(end.at - start.at))
    for _ in range(HALVED):
        half = point(((start.at + end.at) / 2).mid())
        start, end = (start, half) if is_first(start, half, end) else (half, end)
        height = abs(end.value - start.value)
        if height > scale * ROOM * abs(end.at - start.at):
            return float(height.mid()), float(start.at)
    return 0.0, 0.0
