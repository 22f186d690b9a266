"""Leaky rectifier: y = x where x > 0 and negative_slope * x elsewhere; at the kink x = 0 that slope holds."""

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor, *, negative_slope: float = 0.01) -> tuple[Tensor, Tensor]:
    slope = np.where(x > 0, like(x, 1), like(x, negative_slope))
    return slope * x, slope


def backward(slope: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (slope * dy,)
