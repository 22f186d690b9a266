"""Log of softmax along one axis: y_i = x_i - log sum_k exp(x_k); dx = dy - softmax(x) sum_k dy_k.

The largest x is subtracted first, which changes nothing but the size of the exponentials.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    e: Any
    total: np.ndarray
    dim: int


def forward(x: Any, *, dim: int = -1) -> tuple[Any, Saved]:
    shifted = x - x.max(axis=dim, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=dim, keepdims=True)
    return shifted - np.log(total), Saved(e, total, dim)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    e, total, dim = saved
    return (dy - e * (dy.sum(axis=dim, keepdims=True) / total),)
