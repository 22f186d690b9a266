"""Does a rule have kinks at all? They are looked for where they are likely, with exact numbers."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from backcheck.strategies.arrays import inside
from backcheck.strategies.catalogue import CATALOGUE, Array, Shape, signature_of
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from scratch_bp.rules import RULES
from tests.scratch_bp.rules.points import Point, points

BITS, STEP = 512, 200  # the step is 2^-200: what it leaves of a curve is far below SMOOTH
SMOOTH = 2.0**-60
Fill = Callable[[Shape], np.ndarray]


@cache
def first_kink(rule: str) -> Point | None:
    """A point at which the two one-sided slopes of the rule differ, or at which it jumps; None where none is found."""
    rng = np.random.Generator(np.random.PCG64(1))
    for point in points(rule, "lattice"):
        for arrays in _likely(rule, point, rng):
            if _bends(rule, point._replace(arrays=arrays), rng):
                return point._replace(arrays=arrays)
    return None


def _likely(rule: str, point: Point, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, ...]]:
    """Arrays of zeros, of ones, of multiples of 1/2, of whole numbers and of the numbers in the options; then each
    array filled in its own way, since a kink in the middle of a rule shows only where the rest lets it through."""
    numbers = [0.0, *(float(n) for n in point.config.values() if isinstance(n, int | float) and np.isfinite(n))]
    fills: list[Fill] = [
        np.zeros,
        np.ones,
        lambda shape: rng.integers(-4, 5, shape) / 2,
        lambda shape: rng.integers(-6, 7, shape) * 1.0,
        lambda shape: rng.choice((-1, 1), shape) * rng.choice(numbers, shape),
    ]
    for fill in fills:
        yield _filled(rule, point, lambda fill=fill: fill)
    for _ in range(2):
        yield _filled(rule, point, lambda: fills[rng.integers(3)])


def _filled(rule: str, point: Point, choose: Callable[[], Fill]) -> tuple[np.ndarray, ...]:
    """The point's arrays filled again, those of integers as they are."""
    filled = []
    for said, array in zip(_said(rule, len(point.arrays)), point.arrays, strict=True):
        values = array if array.dtype.kind in "iub" else np.asarray(choose()(array.shape))
        filled.append(values if said.domain is None else inside(values, said.domain))
    return tuple(filled)


def _said(rule: str, count: int) -> list[Array]:
    """What the rule's row says of each array; of `*xs` it says the same of all."""
    slots = signature_of(rule).arrays
    return [CATALOGUE[rule].array(slots[min(at, len(slots) - 1)].stem) for at in range(count)]


def _bends(rule: str, point: Point, rng: np.random.Generator) -> bool:
    """Does an output bend or jump here, along a random direction?

    f(x - h) - 2 f(x) + f(x + h) is of the order of h^2 on a curve. At a kink it is h times the difference of the two
    slopes, and at a jump it is the jump.
    """
    with exact.bits(BITS):
        h = flint.arb(2) ** -STEP
        lifted, moves = [], []
        for said, array in zip(_said(rule, len(point.arrays)), point.arrays, strict=True):
            still = said.fixed or array.dtype.kind in "iub"
            moves.append(None if still else exact.lift(rng.integers(-8, 9, array.shape) / 8 + 1 / 16) * h)
            lifted.append(exact.lift(array))
        below, at, above = (_values(rule, lifted, moves, side, point) for side in (-1, 0, 1))
        for low, middle, high in zip(below, at, above, strict=True):
            bend = (low - 2 * middle + high) / h
            # it is not finite where the function ends on one side: the domain in the rule's row says that
            if bend.is_finite() and float(bend.abs_lower()) > SMOOTH:
                return True
    return False


def _values(rule: str, arrays: list[np.ndarray], moves: list, side: int, point: Point) -> np.ndarray:
    """The value at a step to one side, all outputs laid end to end."""
    moved = (array if move is None else array + side * move for array, move in zip(arrays, moves, strict=True))
    y = RULES[rule].forward(*moved, **point.config)[0]
    parts = y if isinstance(y, tuple) else (y,)
    return np.concatenate([np.ravel(np.asarray(part, dtype=object)) for part in parts])
