"""Euclidean norm along one axis: y = sqrt(sum_i x_i^2), dy/dx = x / y, taken as 0 at the kink y = 0."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Any, Reduced


class Saved(NamedTuple):
    x: Any
    y: Any
    dim: int
    keepdim: bool


def forward(x: Any, *, dim: int = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    y = np.sqrt((x * x).sum(axis=dim, keepdims=True))
    return (y if keepdim else y.squeeze(dim)), Saved(x, y, dim, keepdim)


def backward(saved: Saved, dy: Reduced) -> tuple[Any]:
    x, y, dim, keepdim = saved
    # where y is 0 so is x: any other divisor gives the slope 0
    unit = x / np.where(y > 0, y, like(y, 1))
    return ((dy if keepdim else np.expand_dims(dy, dim)) * unit,)
