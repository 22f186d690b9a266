"""A new axis of size 1, which is axis `dim` of y; dx is dy without it."""

from typing import NamedTuple

from scratch_bp.rules.axes import axis_of
from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    shape: tuple[int, ...]


def forward(x: Tensor, *, dim: int) -> tuple[Arranged, Saved]:
    at = axis_of("unsqueeze", dim, x.ndim + 1)
    return x.copy().reshape(*x.shape[:at], 1, *x.shape[at:]), Saved(x.shape)


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    return (dy.copy().reshape(saved.shape),)
