"""Exponential: y = exp x, dy/dx = y."""

import numpy as np

from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    y = np.exp(x)
    return y, y


def backward(y: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy * y,)
