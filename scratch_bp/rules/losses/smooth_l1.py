"""Smooth absolute error (Girshick, Fast R-CNN, 2015) of r = x - target: r^2 / (2 beta) where |r| < beta, |r| - beta / 2
beyond. That is the Huber loss with delta = beta, over beta; with beta = 0 it is |r| itself, kink and all.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import clip, like, sign
from scratch_bp.rules.losses.reduction import reduce, reduce_products, share
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    slope: Tensor
    reduction: str


def forward(x: Tensor, target: Tensor, *, beta: float = 1.0, reduction: str = "mean") -> tuple[Reduced, Saved]:
    if not beta >= 0:
        raise ValueError(f"smooth_l1: beta must be 0 or above, got {beta}")
    residual = np.asanyarray(x - target)  # a bare element, where there are no axes, has no size
    if beta == 0:
        return reduce(abs(residual), reduction), Saved(sign(residual), reduction)
    slope = clip(residual, -beta, beta)
    rest, slope = residual - slope / 2, np.asanyarray(slope / like(residual, beta))
    return reduce_products(slope, rest, reduction), Saved(slope, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor]:
    slope, reduction = saved
    dx = slope * share(dy, slope.size, reduction)
    return dx, -dx
