"""Minimum along one axis: y = min_i x_i = -max_i (-x_i). All of dy goes to the first smallest entry."""

import numpy as np

from scratch_bp.rules.reductions import max
from scratch_bp.rules.reductions.axes import axis_of
from scratch_bp.rules.shapes import Reduced, Tensor


def forward(x: Tensor, *, dim: int = -1, keepdim: bool = False) -> tuple[Reduced, max.Saved]:
    axis = axis_of("min", x, dim)
    return np.asanyarray(x.min(axis, keepdims=keepdim)), max.Saved(-x, axis)


def backward(saved: max.Saved, dy: Reduced) -> tuple[Tensor]:
    return max.backward(saved, dy)  # the two signs cancel
