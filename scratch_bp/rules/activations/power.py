"""A power with a number as exponent: y = x^n, dy/dx = n x^(n - 1).

Any x for the exponents 0, 1, 2, ...; any but 0 for -1, -2, ...; x > 0 for all others.
"""

from typing import NamedTuple

from scratch_bp.elementary import like, power
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    exponent: float


def forward(x: Any, *, exponent: float) -> tuple[Any, Saved]:
    return power(x, exponent), Saved(x, exponent)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    x, exponent = saved
    if exponent == 0:  # x^-1 at x = 0 would spoil the 0
        return (dy * like(dy, 0),)
    return (dy * (like(x, exponent) * power(x, exponent - 1)),)
