"""Huber loss (1964) of r = x - target: r^2 / 2 where |r| <= delta, and delta (|r| - delta / 2) beyond.

Both are c (r - c / 2), where c is r clipped to [-delta, delta]. That is the slope too; it is continuous at |r| = delta,
so that edge is no kink.
"""

from typing import NamedTuple

from scratch_bp.elementary import clip
from scratch_bp.rules.losses.reduction import reduce_products, share
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    slope: Tensor
    reduction: str


def forward(x: Tensor, target: Tensor, *, delta: float = 1.0, reduction: str = "mean") -> tuple[Reduced, Saved]:
    if not delta > 0:
        raise ValueError(f"huber: delta must be above 0, got {delta}")
    residual = x - target
    slope = clip(residual, -delta, delta)
    return reduce_products(slope, residual - slope / 2, reduction), Saved(slope, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor]:
    slope, reduction = saved
    dx = slope * share(dy, slope.size, reduction)
    return dx, -dx
