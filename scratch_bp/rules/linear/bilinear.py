"""Bilinear layer: y_o = sum_ij x1_i w_oij x2_j + b_o; without b when it is not given.

With t_oi = sum_j w_oij x2_j it is y_o = sum_i t_oi x1_i, so that dx1_i = sum_o dy_o t_oi and dt_oi = dy_o x1_i, from
which dx2_j = sum_oi dt_oi w_oij and dw_oij = dt_oi x2_j, the last summed over the rows, as db = dy is.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import matmul
from scratch_bp.rules.shapes import Bias, Bilinear, Left1, Outputs, Right1


class Saved(NamedTuple):
    x1: Left1
    x2: Right1
    weight: Bilinear
    t: np.ndarray
    biased: bool


def forward(x1: Left1, x2: Right1, weight: Bilinear, bias: Bias | None = None) -> tuple[Outputs, Saved]:
    n_out, n_left, n_right = weight.shape
    t = matmul(x2, weight.reshape(-1, n_right).T).reshape(*x1.shape[:-1], n_out, n_left)
    y = matmul(t, x1[..., None])[..., 0]
    return (y if bias is None else y + bias), Saved(x1, x2, weight, t, bias is not None)


def backward(saved: Saved, dy: Outputs) -> tuple[np.ndarray, ...]:
    x1, x2, weight, t, biased = saved
    n_out, n_left, n_right = weight.shape
    dt = (dy[..., None] * x1[..., None, :]).reshape(-1, n_out * n_left)
    dx1 = matmul(dy[..., None, :], t)[..., 0, :]
    dx2 = matmul(dt, weight.reshape(-1, n_right)).reshape(x2.shape)
    dweight = matmul(dt.T, x2.reshape(-1, n_right)).reshape(weight.shape)
    return (dx1, dx2, dweight, dy.reshape(-1, n_out).sum(axis=0)) if biased else (dx1, dx2, dweight)
