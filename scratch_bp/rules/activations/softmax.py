"""Softmax along one axis: y_i = exp(x_i) / sum_k exp(x_k); dx = y (dy - sum_k dy_k y_k).

The largest x is subtracted first, which changes nothing but the size of the exponentials.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    y: Tensor
    dim: int


def forward(x: Tensor, *, dim: int = -1) -> tuple[Tensor, Saved]:
    e = np.exp(x - x.max(axis=dim, keepdims=True))
    y = e / e.sum(axis=dim, keepdims=True)
    return y, Saved(y, dim)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    y, dim = saved
    return (y * (dy - (dy * y).sum(axis=dim, keepdims=True)),)
