"""Variance along one axis of n entries: y = sum_i (x_i - mean x)^2 / (n - correction).

dx = 2 (x - mean x) dy / (n - correction): what goes through the mean is sum_i (x_i - mean x) = 0.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.shapes import Any, Reduced


class Saved(NamedTuple):
    centred: Any
    freedom: int
    dim: int
    keepdim: bool


def forward(x: Any, *, dim: int = -1, correction: int = 1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    freedom = x.shape[dim] - correction
    if freedom <= 0:
        raise ValueError(f"var: more than {correction} entries are needed for a correction of that, got {x.shape[dim]}")
    centred = x - x.mean(axis=dim, keepdims=True)
    y = (centred * centred).sum(axis=dim, keepdims=keepdim) / freedom
    return np.asanyarray(y), Saved(centred, freedom, dim, keepdim)


def backward(saved: Saved, dy: Reduced) -> tuple[Any]:
    centred, freedom, dim, keepdim = saved
    return (2 * centred * (dy if keepdim else np.expand_dims(dy, dim)) / freedom,)
