"""Several neighbouring axes as one, from start_dim to end_dim; dx is dy in the old shape. A single number becomes a
vector of one."""

from math import prod
from typing import NamedTuple

from scratch_bp.rules.axes import axis_of
from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    shape: tuple[int, ...]


def forward(x: Tensor, *, start_dim: int = 0, end_dim: int = -1) -> tuple[Arranged, Saved]:
    shape = x.shape or (1,)
    first = axis_of("flatten", start_dim, len(shape), "start_dim")
    last = axis_of("flatten", end_dim, len(shape), "end_dim")
    if first > last:
        raise ValueError(f"flatten: start_dim is no later axis than end_dim, got {start_dim} and {end_dim}")
    flat = (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])
    return x.copy().reshape(flat), Saved(x.shape)


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    return (dy.copy().reshape(saved.shape),)
