"""Squared error: the mean or sum of (x - target)^2; dx = 2 (x - target) dy / n, and the target's is its negative."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.losses.reduction import reduce_products, share
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    residual: Tensor
    reduction: str


def forward(x: Tensor, target: Tensor, *, reduction: str = "mean") -> tuple[Reduced, Saved]:
    residual = np.asanyarray(x - target)  # a bare element, where there are no axes, has no size
    return reduce_products(residual, residual, reduction), Saved(residual, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor]:
    residual, reduction = saved
    dx = residual * (2 * share(dy, residual.size, reduction))
    return dx, -dx
