"""Sum over one axis, several, or all of them: y = sum_i x_i, and every entry's gradient is dy."""

from typing import NamedTuple

from scratch_bp.elementary import repeated, sum_over
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    shape: tuple[int, ...]
    kept: tuple[int, ...]


def forward(x: Tensor, *, dim: Dim = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axes = axes_of("sum", x, dim)
    y = sum_over(x, axes, keepdims=True)
    return dropped(y, axes, keepdim, x), Saved(x.shape, y.shape)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    shape, kept = saved
    return (repeated(dy.reshape(kept), shape),)
