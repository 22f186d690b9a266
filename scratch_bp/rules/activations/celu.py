"""Continuously differentiable ELU (Barron, 2017): y = x where x > 0 and alpha (exp(x / alpha) - 1) elsewhere.

dy/dx = 1 where x > 0 and exp(x / alpha) elsewhere: 1 at x = 0 from both sides.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import clip, like, where
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    below: Any


def forward(x: Any, *, alpha: float = 1.0) -> tuple[Any, Saved]:
    if alpha == 0:
        raise ValueError("celu: alpha divides x and is not 0, got 0")
    below = clip(x, -np.inf, 0) / like(x, alpha)
    return where(x > 0, x, like(x, alpha) * np.expm1(below)), Saved(x, below)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    return (where(saved.x > 0, dy, dy * np.exp(saved.below)),)
