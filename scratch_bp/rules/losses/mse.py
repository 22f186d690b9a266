"""Squared error: the mean or sum of (x - target)^2; dx = 2 (x - target) dy / n, and the target's is its negative."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Any, Reduced


class Saved(NamedTuple):
    residual: Any
    reduction: str


def forward(x: Any, target: Any, *, reduction: str = "mean") -> tuple[Reduced, Saved]:
    residual = np.asanyarray(x - target)  # a bare element, where there are no axes, has no size
    return reduce(residual * residual, reduction), Saved(residual, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Any, Any]:
    residual, reduction = saved
    dx = residual * (2 * share(dy, residual.size, reduction))
    return dx, -dx
