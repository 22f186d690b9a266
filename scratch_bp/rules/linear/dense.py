"""Dense layer on rows: y = x w + b, w[i, j] joining input i to output j; without b when it is not given.

With rows stacked into X [rows, n_in] and dY [rows, n_out]: dX = dY W^T, dW = X^T dY, db = sum of dY over the rows.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import matmul
from scratch_bp.rules.shapes import Bias, Features, Outputs, Weights


class Saved(NamedTuple):
    x: Features
    w: Weights
    biased: bool


def forward(x: Features, w: Weights, b: Bias | None = None) -> tuple[Outputs, Saved]:
    y = matmul(x, w)
    return (y if b is None else y + b), Saved(x, w, b is not None)


def backward(saved: Saved, dy: Outputs) -> tuple[np.ndarray, ...]:
    x, w, biased = saved
    rows = dy.reshape(-1, w.shape[1])
    dx, dw = matmul(dy, w.T), matmul(x.reshape(-1, w.shape[0]).T, rows)
    return (dx, dw, rows.sum(axis=0)) if biased else (dx, dw)
