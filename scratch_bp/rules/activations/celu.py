"""Continuously differentiable ELU (Barron, 2017): y = x where x > 0 and alpha (exp(x / alpha) - 1) elsewhere.

dy/dx = 1 where x > 0 and exp(x / alpha) elsewhere: 1 at x = 0 from both sides.
"""

from math import inf

import numpy as np

from scratch_bp.elementary import clip, like
from scratch_bp.rules.shapes import Any


def forward(x: Any, *, alpha: float = 1.0) -> tuple[Any, Any]:
    if alpha == 0:
        raise ValueError("celu: alpha divides x and is not 0, got 0")
    below = clip(x, -inf, 0) / like(x, alpha)  # 0 where x > 0, and exp(0) = 1 is the slope there
    return clip(x, 0, inf) + like(x, alpha) * np.expm1(below), below


def backward(below: Any, dy: Any) -> tuple[Any]:
    return (dy * np.exp(below),)
