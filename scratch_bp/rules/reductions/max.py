"""Maximum along one axis: y = max_i x_i. All of dy goes to one entry, the first largest one where there are ties.

PyTorch's `torch.max(x, dim)` picks the first as well; `amax` is the same function with dy split evenly over the ties.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.extremes import first_largest
from scratch_bp.rules.reductions.axes import axis_of
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    x: Tensor
    axis: int


def forward(x: Tensor, *, dim: int = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axis = axis_of("max", x, dim)
    return np.asanyarray(x.max(axis, keepdims=keepdim)), Saved(x, axis)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    x, axis = saved
    return (dy.reshape(*x.shape[:axis], 1, *x.shape[axis + 1 :]) * first_largest(x, axis),)
