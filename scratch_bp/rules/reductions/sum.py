"""Sum along one axis: y = sum_i x_i, and every entry's gradient is dy."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.shapes import Any, Reduced


class Saved(NamedTuple):
    length: int
    dim: int
    keepdim: bool


def forward(x: Any, *, dim: int = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    return np.asanyarray(x.sum(axis=dim, keepdims=keepdim)), Saved(x.shape[dim], dim, keepdim)


def backward(saved: Saved, dy: Reduced) -> tuple[Any]:
    length, dim, keepdim = saved
    return (np.repeat(dy if keepdim else np.expand_dims(dy, dim), length, axis=dim),)
