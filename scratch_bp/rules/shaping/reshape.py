"""The same entries, row by row, in another shape; dx is dy in the old one. One size of the shape may be -1: whatever
is left."""

from math import prod
from typing import NamedTuple

from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    shape: tuple[int, ...]


def forward(x: Tensor, *, shape: tuple[int, ...]) -> tuple[Arranged, Saved]:
    known = prod(size for size in shape if size != -1)
    fits = x.size % known == 0 if known and -1 in shape else x.size == known
    if shape.count(-1) > 1 or min(shape, default=0) < -1 or not fits:
        raise ValueError(
            f"reshape: shape has as many entries as x, {x.size}, with one -1 at most for what is left; got {shape}"
        )
    return x.copy().reshape(shape), Saved(x.shape)


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    return (dy.copy().reshape(saved.shape),)
