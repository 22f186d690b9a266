"""Absolute error: the mean or sum of |x - target|; slope sign(x - target), taken as 0 at the kink x = target."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Any, Scalar


class Saved(NamedTuple):
    residual: Any
    reduction: str


def forward(x: Any, target: Any, *, reduction: str = "mean") -> tuple[Scalar, Saved]:
    residual = np.asanyarray(x - target)  # a bare element, where there are no axes, has no size
    return reduce(abs(residual), reduction), Saved(residual, reduction)


def backward(saved: Saved, dy: Scalar) -> tuple[Any, Any]:
    residual, reduction = saved
    zero, one = like(residual, 0), share(dy, residual.size, reduction)
    dx = np.where(residual > 0, one, zero) - np.where(residual < 0, one, zero)
    return dx, -dx
