"""Two axes exchanged, and the same two of dy: an exchange is its own inverse.

As in PyTorch the numbers stay where they are in memory, and only the axes run through it another way.
"""

from typing import NamedTuple

from scratch_bp.rules.axes import axis_of
from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    dim0: int
    dim1: int


def forward(x: Tensor, *, dim0: int, dim1: int) -> tuple[Arranged, Saved]:
    saved = Saved(axis_of("transpose", dim0, x.ndim, "dim0"), axis_of("transpose", dim1, x.ndim, "dim1"))
    return x.swapaxes(*saved).copy("K"), saved


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    return (dy.swapaxes(*saved).copy("K"),)
