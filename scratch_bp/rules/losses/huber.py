"""Huber loss (1964) of r = x - target: r^2 / 2 where |r| <= delta, and delta (|r| - delta / 2) beyond.

The slope is r clipped to [-delta, delta]; it is continuous at |r| = delta, so that edge is no kink.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Any, Scalar


class Saved(NamedTuple):
    residual: Any
    delta: float
    reduction: str


def forward(x: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> tuple[Scalar, Saved]:
    residual = np.asanyarray(x - target)  # a bare element, where there are no axes, has no size
    size = abs(residual)
    terms = np.where(size <= delta, residual * residual / 2, like(size, delta) * (size - like(size, delta / 2)))
    return reduce(terms, reduction), Saved(residual, delta, reduction)


def backward(saved: Saved, dy: Scalar) -> tuple[Any, Any]:
    residual, delta, reduction = saved
    slope = np.maximum(np.minimum(residual, like(residual, delta)), like(residual, -delta))
    dx = slope * share(dy, residual.size, reduction)
    return dx, -dx
