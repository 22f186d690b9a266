"""Layer norm over the last axis (Ba, Kiros and Hinton, 2016): y = xhat * gamma + beta.

xhat = (x - mean x) / sqrt(var x + eps), the variance with 1/n. With dxhat = dy * gamma:
dx = (dxhat - mean dxhat - xhat * mean(dxhat * xhat)) / sqrt(var x + eps).
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, sum_to
from scratch_bp.rules.shapes import RowColumn, Rows, Vector


class Saved(NamedTuple):
    xhat: Rows
    inv_std: RowColumn
    gamma: Vector


def forward(x: Rows, gamma: Vector, beta: Vector, *, eps: float = 1e-5) -> tuple[Rows, Saved]:
    centred = x - x.mean(-1, keepdims=True)
    inv_std = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + like(x, eps))
    xhat = centred * inv_std
    return xhat * gamma + beta, Saved(xhat, inv_std, gamma)


def backward(saved: Saved, dy: Rows) -> tuple[Rows, Vector, Vector]:
    xhat, inv_std, gamma = saved
    dxhat = dy * gamma
    # x reaches xhat three ways: directly, through the mean, and through the variance
    dx = inv_std * (dxhat - dxhat.mean(-1, keepdims=True) - xhat * (dxhat * xhat).mean(-1, keepdims=True))
    # a copy: without axes to sum over it would be dy itself
    return dx, sum_to(dy * xhat, gamma.shape), sum_to(dy, gamma.shape).copy()
