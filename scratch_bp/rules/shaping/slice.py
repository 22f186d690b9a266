"""A part of an array along one axis, x[start:stop:step] there; dx is dy in those places and 0 in all others.

As in Python, a negative start or stop counts from the end and one beyond an end is the end. The step is 1 or more, as
PyTorch wants it.
"""

from typing import NamedTuple

from scratch_bp.elementary import zeros_of
from scratch_bp.rules.axes import Place, along, axis_of
from scratch_bp.rules.shapes import Arranged, Tensor


class Saved(NamedTuple):
    shape: tuple[int, ...]
    part: Place


def forward(
    x: Tensor, *, dim: int = 0, start: int | None = None, stop: int | None = None, step: int = 1
) -> tuple[Arranged, Saved]:
    if step < 1:
        raise ValueError(f"slice: step is at least 1, got {step}")
    part = along(axis_of("slice", dim, x.ndim), slice(start, stop, step))
    return x[part].copy(), Saved(x.shape, part)


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    dx = zeros_of(dy, saved.shape)
    dx[saved.part] = dy
    return (dx,)
