"""Exponential linear unit (Clevert, Unterthiner and Hochreiter, 2015): y = x where x > 0, alpha (exp(x) - 1) elsewhere.

dy/dx = 1 where x > 0 and alpha exp(x) elsewhere: at x = 0, a kink unless alpha is 1, the slope is taken as alpha.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import clip, like, where
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    alpha: float


def forward(x: Any, *, alpha: float = 1.0) -> tuple[Any, Saved]:
    below = clip(x, -np.inf, 0)  # where the other branch is taken, exp(x) could overflow
    return where(x > 0, x, like(x, alpha) * np.expm1(below)), Saved(x, alpha)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    x, alpha = saved
    below = clip(x, -np.inf, 0)
    return (where(x > 0, dy, dy * like(x, alpha) * np.exp(below)),)
