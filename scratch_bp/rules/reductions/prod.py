"""Product along one axis, or of all entries: y = prod_i x_i, dx_i = dy prod_{j != i} x_j.

The formula y / x_i would fail at zeros, so the product of all other entries comes from a binary tree. On the way up,
each node is the product of its two children. On the way down, starting with dy at the root, a child gets what its
parent got times its sibling; so each leaf gets dy times the product of all other leaves.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.reductions.axes import axis_of
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    x: Tensor
    axis: int | None


def forward(x: Tensor, *, dim: int | None = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axis = None if dim is None else axis_of("prod", x, dim)
    return np.asanyarray(x.prod(axis, keepdims=keepdim)), Saved(x, axis)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    x, axis = saved
    if axis is None:
        return (_pulled(x.reshape(-1), dy.reshape(1)).reshape(x.shape),)
    kept = dy.reshape(*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return (np.moveaxis(_pulled(np.moveaxis(x, axis, -1), np.moveaxis(kept, axis, -1)), -1, axis),)


def _pulled(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dy times the product of all other entries along the last axis."""
    length = x.shape[-1]
    missing = (1 << (length - 1).bit_length()) - length
    ones = np.full((*x.shape[:-1], missing), like(x, 1), x.dtype)
    levels = [np.concatenate([x, ones], axis=-1) if missing else x]
    while levels[-1].shape[-1] > 1:
        left, right = _halves(levels[-1])
        levels.append(left * right)
    for level in levels[-2::-1]:
        left, right = _halves(level)
        dy = np.concatenate([dy * right, dy * left], axis=-1)
    return dy[..., :length].copy() if length == 1 or missing else dy


def _halves(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = a.shape[-1] // 2
    return a[..., :middle], a[..., middle:]
