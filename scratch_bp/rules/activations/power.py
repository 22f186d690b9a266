"""A power with a number as exponent: y = x^n, dy/dx = n x^(n - 1).

Tensor x for the exponents 0, 1, 2, ...; any but 0 for -1, -2, ...; x > 0 for all others.
"""

from typing import NamedTuple

from scratch_bp.elementary import like, power
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    exponent: float


def forward(x: Tensor, *, exponent: float) -> tuple[Tensor, Saved]:
    return power(x, exponent), Saved(x, exponent)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, exponent = saved
    if exponent == 0:  # x^-1 at x = 0 would spoil the 0
        return (dy * like(dy, 0),)
    return (dy * (like(x, exponent) * power(x, exponent - 1)),)
