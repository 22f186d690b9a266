"""The exact number that a float64 constant in a user's code stands for.

Code says `2 / n`, `math.sqrt(2 / math.pi)` or `0.044715`, and Python rounds. Taken to the bit, such a number makes a
right backward wrong by 1e-16, since 3 * 0.044715 is rounded otherwise than 0.044715. So a float is read as a fraction
of small terms, a decimal of ten digits, the root of a fraction, or a fraction times pi or a logarithm, where it is
within a few roundings of it. Every other float is itself. A wrong reading would change the constant by 2^-51 of its
size, and the derivative would follow.
"""

import functools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import bits, pack

ROUNDINGS = 2.0**-51  # four of them: an expression of a few operations
# the largest denominators of a float that is exact as it stands, of a fraction, and of one beside pi or a logarithm
DYADIC, PLAIN, SMALL = 2**20, 10**6, 10**4

Recipe = Callable[[], Any]


def meant(value: float) -> Any:
    """The number that the float stands for, at the precision in force."""
    return _recipe(value)()


def number(value: Any) -> Any:
    """A scalar that the code says as an exact number; booleans, strings and None stay what they are."""
    if isinstance(value, complex):
        return flint.acb(meant(value.real), meant(value.imag))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return flint.arb(value) if isinstance(value, int) else meant(value)


def lift(array: np.ndarray) -> np.ndarray:
    """An array of any dtype as exact numbers. A float without axes is a constant, and read as its author meant it."""
    if array.dtype == object:
        return array
    values = array.ravel().tolist() if array.dtype.kind in "iubc" else array.astype(np.float64).ravel().tolist()
    if not array.ndim:
        return pack((), [number(int(values[0]) if array.dtype.kind == "b" else values[0])])
    return pack(array.shape, list(map(flint.acb if array.dtype.kind == "c" else flint.arb, values)))


@functools.lru_cache(maxsize=4096)
def _recipe(value: float) -> Recipe:
    if not math.isfinite(value) or Fraction(value).denominator <= DYADIC:
        return lambda: flint.arb(value)
    with bits(128):
        for recipe in _readings(value):
            if abs(recipe() - value) <= ROUNDINGS * abs(value):
                return recipe
    return lambda: flint.arb(value)


def _readings(value: float) -> Iterator[Recipe]:
    yield _fraction(Fraction(value).limit_denominator(PLAIN))
    yield _fraction(Fraction(f"{value:.9e}"))
    for about, constant in CONSTANTS:
        yield _multiple(Fraction(value / about).limit_denominator(SMALL), constant)
    for about, constant in UNDER_ROOTS:
        if value**2 < math.inf:
            yield _root(Fraction(value**2 / about).limit_denominator(SMALL), constant, value < 0)


def _fraction(part: Fraction) -> Recipe:
    return lambda: flint.arb(part.numerator) / part.denominator


def _multiple(part: Fraction, constant: Recipe) -> Recipe:
    return lambda: constant() * part.numerator / part.denominator


def _root(part: Fraction, constant: Recipe, negative: bool) -> Recipe:
    square = _multiple(part, constant)
    return lambda: -square().sqrt() if negative else square().sqrt()


def _log(number: int) -> Recipe:
    return lambda: flint.arb(number).log()


CONSTANTS: tuple[tuple[float, Recipe], ...] = (
    (math.pi, lambda: flint.arb.pi()),
    (1 / math.pi, lambda: 1 / flint.arb.pi()),
    (math.log(2), _log(2)),
    (1 / math.log(2), lambda: 1 / _log(2)()),
    (math.log(10), _log(10)),
    (1 / math.log(10), lambda: 1 / _log(10)()),
    (math.log(2 * math.pi), lambda: (2 * flint.arb.pi()).log()),
)
UNDER_ROOTS: tuple[tuple[float, Recipe], ...] = (
    (1.0, lambda: flint.arb(1)),
    (math.pi, lambda: flint.arb.pi()),
    (1 / math.pi, lambda: 1 / flint.arb.pi()),
)
