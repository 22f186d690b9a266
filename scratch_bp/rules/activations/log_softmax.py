"""Log of softmax along one axis: y_i = x_i - log sum_k exp(x_k); dx = dy - softmax(x) sum_k dy_k."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    y: Any
    dim: int


def forward(x: Any, *, dim: int = -1) -> tuple[Any, Saved]:
    shifted = x - x.max(axis=dim, keepdims=True)
    y = shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))
    return y, Saved(y, dim)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    y, dim = saved
    return (dy - np.exp(y) * dy.sum(axis=dim, keepdims=True),)
