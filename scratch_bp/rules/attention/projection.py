"""A linear map in PyTorch's layout, of all rows at once: y = x w^T + b with w [out, in]."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import matmul


class Saved(NamedTuple):
    x: np.ndarray
    w: np.ndarray


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Saved]:
    y = matmul(x.reshape(-1, w.shape[1]), w.T) + b
    return y.reshape(*x.shape[:-1], w.shape[0]), Saved(x, w)


def backward(saved: Saved, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, w = saved
    rows = dy.reshape(-1, w.shape[0])
    dx, dw = matmul(rows, w), matmul(rows.T, x.reshape(-1, w.shape[1]))
    return dx.reshape(x.shape), dw, rows.sum(axis=0)
