"""Log of softmax along one axis: y_i = x_i - log sum_k exp(x_k); dx = dy - softmax(x) sum_k dy_k.

The largest x is subtracted first, which changes nothing but the size of the exponentials.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    e: Tensor
    total: np.ndarray
    dim: int


def forward(x: Tensor, *, dim: int = -1) -> tuple[Tensor, Saved]:
    shifted = x - x.max(axis=dim, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=dim, keepdims=True)
    return shifted - np.log(total), Saved(e, total, dim)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    e, total, dim = saved
    return (dy - e * (dy.sum(axis=dim, keepdims=True) / total),)
