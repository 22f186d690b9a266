"""Rectifier: y = max(x, 0). Slope 1 where x > 0 and 0 elsewhere; at the kink x = 0 the slope is taken as 0."""

import numpy as np

from scratch_bp.elementary import like, zero_unless
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    return np.maximum(x, like(x, 0)), x


def backward(x: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (zero_unless(x > 0, dy),)
