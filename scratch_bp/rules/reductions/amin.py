"""Minimum over one axis, several, or all: y = min_i x_i = -max_i (-x_i). Where k entries tie for it each has dy / k."""

import numpy as np

from scratch_bp.rules.reductions import amax
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor


def forward(x: Tensor, *, dim: Dim = -1, keepdim: bool = False) -> tuple[Reduced, amax.Saved]:
    axes = axes_of("amin", x, dim)
    y = np.asanyarray(x.min(axes, keepdims=True))
    return dropped(y, axes, keepdim, x), amax.Saved(np.asanyarray(-x), axes, y.shape)


def backward(saved: amax.Saved, dy: Reduced) -> tuple[Tensor]:
    return amax.backward(saved, dy)  # the two signs cancel
