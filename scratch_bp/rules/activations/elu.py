"""Exponential linear unit (Clevert, Unterthiner and Hochreiter, 2015): y = x where x > 0, alpha (exp(x) - 1) elsewhere.

dy/dx = 1 where x > 0 and alpha exp(x) elsewhere: at x = 0, a kink unless alpha is 1, the slope is taken as alpha.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    below: Tensor
    alpha: float


def forward(x: Tensor, *, alpha: float = 1.0) -> tuple[Tensor, Saved]:
    zero = like(x, 0)
    below = np.minimum(x, zero)  # where the other branch is taken, exp(x) could overflow
    return np.maximum(x, zero) + like(x, alpha) * np.expm1(below), Saved(x, below, alpha)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, below, alpha = saved
    dx = dy * np.exp(below)  # exp(0) = 1 where x > 0
    return (dx if alpha == 1 else dx * np.where(x > 0, like(x, 1), like(x, alpha)),)
