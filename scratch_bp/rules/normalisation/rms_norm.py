"""Root mean square norm over the last axis (Zhang and Sennrich, 2019): y = xhat * weight.

xhat = x / sqrt(mean x^2 + eps). With dxhat = dy * weight: dx = (dxhat - xhat mean(dxhat xhat)) / sqrt(mean x^2 + eps).
PyTorch's own default for eps depends on the dtype; here it is a number, the same for every dtype.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, sum_to
from scratch_bp.rules.shapes import RowColumn, Rows, Vector


class Saved(NamedTuple):
    xhat: Rows
    inv_rms: RowColumn
    weight: Vector


def forward(x: Rows, weight: Vector, *, eps: float = 1e-5) -> tuple[Rows, Saved]:
    inv_rms = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + like(x, eps))
    xhat = x * inv_rms
    return xhat * weight, Saved(xhat, inv_rms, weight)


def backward(saved: Saved, dy: Rows) -> tuple[Rows, Vector]:
    xhat, inv_rms, weight = saved
    dxhat = dy * weight
    dx = inv_rms * (dxhat - xhat * (dxhat * xhat).mean(-1, keepdims=True))
    return dx, sum_to(dy * xhat, weight.shape)
