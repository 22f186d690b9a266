"""Mish (Misra, 2019): y = x t, t = tanh(softplus(x)).

With exp(x) = a / b, neither above 1 (a = 1 and b = exp(-x) for x >= 0, a = exp(x) and b = 1 for x <= 0), this is a
quotient that neither cancels nor overflows:

    t = ((a + b)^2 - b^2) / ((a + b)^2 + b^2) = (a^2 + 2 a b) / D,  D = a^2 + 2 a b + 2 b^2,
    dy/dx = t + x dt/dx,  dt/dx = 4 a b^2 (a + b) / D^2.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    a: Tensor
    b: Tensor
    t: Tensor
    D: Tensor


def forward(x: Tensor) -> tuple[Tensor, Saved]:
    z = np.exp(-abs(x))
    a, b = np.where(x >= 0, like(z, 1), z), np.where(x <= 0, like(z, 1), z)
    n = a * (a + 2 * b)
    D = n + 2 * b * b
    t = n / D
    return x * t, Saved(x, a, b, t, D)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, a, b, t, D = saved
    side = b / D
    return (dy * (t + 4 * x * (a * (a + b)) * side * side),)
