"""Threshold: y = x where x > threshold, else value. Slope 1 and 0, at x = threshold taken as 0.

The function jumps there, unless value = threshold.
"""

import numpy as np

from scratch_bp.elementary import like, zero_unless
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor, *, threshold: float, value: float) -> tuple[Tensor, Tensor]:
    passed = x > like(x, threshold)
    return np.where(passed, x, like(x, value)), passed


def backward(passed: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (zero_unless(passed, dy),)
