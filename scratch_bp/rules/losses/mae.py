"""Absolute error: the mean or sum of |x - target|; slope sign(x - target), taken as 0 at the kink x = target."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import sign
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    residual: Tensor
    reduction: str


def forward(x: Tensor, target: Tensor, *, reduction: str = "mean") -> tuple[Reduced, Saved]:
    residual = np.asanyarray(x - target)  # a bare element, where there are no axes, has no size
    return reduce(abs(residual), reduction), Saved(residual, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor]:
    residual, reduction = saved
    dx = sign(residual) * share(dy, residual.size, reduction)
    return dx, -dx
