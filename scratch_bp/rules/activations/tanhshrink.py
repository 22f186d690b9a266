"""Tanh shrinkage: y = x - tanh x, dy/dx = tanh(x)^2."""

import numpy as np

from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    t = np.tanh(x)
    return x - t, t


def backward(t: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy * t * t,)
