"""Running sum along one axis: y_i = sum_{j <= i} x_j, dx_j = sum_{i >= j} dy_i, a running sum from the other end."""

import numpy as np

from scratch_bp.rules.reductions.axes import axis_of
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor, *, dim: int = -1) -> tuple[Tensor, int]:
    axis = axis_of("cumsum", x, dim)
    return _running(x, axis), axis


def backward(axis: int, dy: Tensor) -> tuple[Tensor]:
    return (np.flip(_running(np.flip(dy, axis), axis), axis),)


def _running(x: Tensor, axis: int) -> Tensor:
    """Numbers of 16 bits are added up in float32, each result rounded once."""
    wide = np.float32 if x.dtype.itemsize == 2 else None
    return np.add.accumulate(x, axis, wide).astype(x.dtype, copy=False)
