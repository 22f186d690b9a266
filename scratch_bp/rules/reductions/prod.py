"""Product along one axis, or of all entries: y = prod_i x_i, dx_i = dy prod_{j != i} x_j.

The product of the others is that of all before the entry times that of all after it. Nothing is divided by x, so that
zeros need no case of their own: beside one zero only its own gradient is left, beside two there is none.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.reductions.axes import axis_of
from scratch_bp.rules.shapes import Any, Reduced


class Saved(NamedTuple):
    x: Any
    axis: int | None


def forward(x: Any, *, dim: int | None = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axis = None if dim is None else axis_of("prod", x, dim)
    return np.asanyarray(x.prod(axis, keepdims=keepdim)), Saved(x, axis)


def backward(saved: Saved, dy: Reduced) -> tuple[Any]:
    x, axis = saved
    if axis is None:
        return ((_others(x.reshape(-1)) * dy.reshape(1)).reshape(x.shape),)
    others = np.moveaxis(_others(np.moveaxis(x, axis, -1)), -1, axis)
    return (dy.reshape(*x.shape[:axis], 1, *x.shape[axis + 1 :]) * others,)


def _others(x: Any) -> Any:
    """The product of all others along the last axis."""
    return _before(x) * _before(x[..., ::-1])[..., ::-1]


def _before(x: Any) -> Any:
    """The product of all entries before each along the last axis, 1 before the first."""
    ones = np.full_like(x[..., :1], like(x, 1))
    return np.multiply.accumulate(np.concatenate([ones, x[..., :-1]], axis=-1), axis=-1)
