"""Mean over one axis, several, or all of them, n entries in all: y = sum_i x_i / n, each entry's gradient is dy / n."""

import math

import numpy as np

from scratch_bp.elementary import mean_over
from scratch_bp.rules.reductions import sum
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor


def forward(x: Tensor, *, dim: Dim = -1, keepdim: bool = False) -> tuple[Reduced, sum.Saved]:
    axes = axes_of("mean", x, dim)
    y = mean_over(x, axes, keepdims=True)
    return dropped(y, axes, keepdim, x), sum.Saved(x.shape, y.shape)


def backward(saved: sum.Saved, dy: Reduced) -> tuple[Tensor]:
    return sum.backward(saved, np.asanyarray(dy / (math.prod(saved.shape) // math.prod(saved.kept))))
