"""Axes of size 1 left out: all of them, or those of `dim`, an axis or a tuple, that have size 1. dx is dy in the old
shape."""

from typing import NamedTuple

from scratch_bp.rules.axes import axis_of
from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    shape: tuple[int, ...]


def forward(x: Tensor, *, dim: int | tuple[int, ...] | None = None) -> tuple[Arranged, Saved]:
    dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
    named = {axis_of("squeeze", each, x.ndim) for each in dims}
    kept = tuple(n for axis, n in enumerate(x.shape) if n != 1 or axis not in named)
    return x.copy().reshape(kept), Saved(x.shape)


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    return (dy.copy().reshape(saved.shape),)
