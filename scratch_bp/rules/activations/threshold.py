"""Threshold: y = x where x > threshold, else value. Slope 1 and 0, at x = threshold taken as 0.

The function jumps there, unless value = threshold.
"""

import numpy as np

from scratch_bp.elementary import like, zero_unless
from scratch_bp.rules.shapes import Any


def forward(x: Any, *, threshold: float, value: float) -> tuple[Any, Any]:
    passed = x > like(x, threshold)
    return np.where(passed, x, like(x, value)), passed


def backward(passed: Any, dy: Any) -> tuple[Any]:
    return (zero_unless(passed, dy),)
