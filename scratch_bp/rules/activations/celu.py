"""Continuously differentiable ELU (Barron, 2017): y = x where x > 0 and alpha (exp(x / alpha) - 1) elsewhere.

dy/dx = 1 where x > 0 and exp(x / alpha) elsewhere: 1 at x = 0 from both sides.
"""

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor, *, alpha: float = 1.0) -> tuple[Tensor, Tensor]:
    if alpha == 0:
        raise ValueError("celu: alpha divides x and is not 0, got 0")
    zero = like(x, 0)
    below = np.minimum(x, zero) / like(x, alpha)  # 0 where x > 0, and exp(0) = 1 is the slope there
    return np.maximum(x, zero) + like(x, alpha) * np.expm1(below), below


def backward(below: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy * np.exp(below),)
