"""Tanh shrinkage: y = x - tanh x, dy/dx = tanh(x)^2."""

import numpy as np

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    t = np.tanh(x)
    return x - t, t


def backward(t: Any, dy: Any) -> tuple[Any]:
    return (dy * t * t,)
