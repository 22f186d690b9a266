"""Variance over one axis, several, or all of them, n entries in all: y = sum_i (x_i - mean x)^2 / (n - correction).

dx = 2 (x - mean x) dy / (n - correction): what goes through the mean is sum_i (x_i - mean x) = 0.
"""

import math
from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import mean_over, products_over, widened
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    centred: Tensor
    freedom: int
    kept: tuple[int, ...]


def forward(x: Tensor, *, dim: Dim = -1, correction: int = 1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axes = axes_of("var", x, dim)
    y, centred, freedom = spread("var", x, axes, correction)
    return dropped(y, axes, keepdim, x), Saved(centred, freedom, y.shape)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    centred, freedom, kept = saved
    return (np.asanyarray(centred * (dy.reshape(kept) * 2 / freedom)).astype(dy.dtype, copy=False),)


def spread(rule: str, x: Tensor, axes: tuple[int, ...], correction: int) -> tuple[np.ndarray, Tensor, int]:
    """The variance with the axes kept, the entries less their mean, and what their squares are divided by."""
    freedom = math.prod(x.shape[axis] for axis in axes) - correction
    if freedom <= 0:
        raise ValueError(
            f"{rule}: more than {correction} entries are needed for a correction of that, got {freedom + correction}"
        )
    wide = widened(x)
    # less the first entry before the mean is taken: that of equal entries is then 0, where (a + a + a) / 3 may not be a
    away = np.asanyarray(wide - wide[tuple(slice(1) if axis in axes else slice(None) for axis in range(x.ndim))])
    centred = np.asanyarray(away - mean_over(away, axes, keepdims=True))
    return np.asanyarray(products_over(centred, centred, axes) / freedom), centred, freedom
