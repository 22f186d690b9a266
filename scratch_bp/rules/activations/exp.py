"""Exponential: y = exp x, dy/dx = y."""

import numpy as np

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    y = np.exp(x)
    return y, y


def backward(y: Any, dy: Any) -> tuple[Any]:
    return (dy * y,)
