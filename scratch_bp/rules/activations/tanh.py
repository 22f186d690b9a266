"""Hyperbolic tangent: y = tanh x, dy/dx = 1 - y^2."""

import numpy as np

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    y = np.tanh(x)
    return y, y


def backward(y: Any, dy: Any) -> tuple[Any]:
    return (dy * (1 - y * y),)
