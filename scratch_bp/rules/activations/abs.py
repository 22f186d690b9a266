"""Absolute value: y = |x|. Slope sign(x), taken as 0 at the kink x = 0."""

import numpy as np

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    return abs(x), x


def backward(x: Any, dy: Any) -> tuple[Any]:
    return (dy * np.sign(x),)
