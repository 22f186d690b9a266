"""Arrays of one shape side by side along a new axis: y[.., i, ..] = x_i, and each gradient is its part of dy."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.axes import along, axis_of
from scratch_bp.rules.shapes import Stacked, Tensor


class Saved(NamedTuple):
    arrays: int
    dim: int


def forward(*xs: Tensor, dim: int = 0) -> tuple[Stacked, Saved]:
    dim = axis_of("stack", dim, xs[0].ndim + 1)
    return np.stack(xs, axis=dim), Saved(len(xs), dim)


def backward(saved: Saved, dy: Stacked) -> tuple[Tensor, ...]:
    return tuple(dy[(*along(saved.dim, i), ...)].copy() for i in range(saved.arrays))
