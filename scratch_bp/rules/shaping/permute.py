"""Axes in another order: axis i of y is axis dims[i] of x. dx is dy in the order that undoes it.

That is the inverse permutation: axis dims[i] of dx is axis i of dy. An exchange of two axes is its own inverse, a
cycle of three is not. The numbers keep their order in memory, as in `transpose`.
"""

from typing import NamedTuple

from scratch_bp.rules.axes import axis_of
from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    order: tuple[int, ...]


def forward(x: Tensor, *, dims: tuple[int, ...]) -> tuple[Arranged, Saved]:
    order = tuple(axis_of("permute", dim, x.ndim, "each of dims") for dim in dims)
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(f"permute: dims has each of the {x.ndim} axes once, got {dims}")
    return x.transpose(order).copy("K"), Saved(order)


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    inverse = sorted(range(len(saved.order)), key=saved.order.__getitem__)
    return (dy.transpose(inverse).copy("K"),)
