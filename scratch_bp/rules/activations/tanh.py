"""Hyperbolic tangent: y = tanh x, dy/dx = 1 - y^2."""

import numpy as np

from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    y = np.tanh(x)
    return y, y


def backward(y: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy * (1 - y * y),)
