"""Parts of an array along an axis, one output each, as torch.split has it; dx is the parts of dy joined again.

`split_size` is the size of every part, the last one smaller where it does not divide the axis, or a tuple of all sizes.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.axes import along, axis_of
from scratch_bp.rules.shapes import Part, Tensor


class Saved(NamedTuple):
    dim: int


def forward(x: Tensor, *, split_size: int | tuple[int, ...], dim: int = 0) -> tuple[tuple[Part, ...], Saved]:
    dim = axis_of("split", dim, x.ndim)
    parts, start = [], 0
    for size in _sizes(split_size, x.shape[dim]):
        parts.append(x[along(dim, slice(start, start + size))].copy())
        start += size
    return tuple(parts), Saved(dim)


def backward(saved: Saved, dy: tuple[Part, ...]) -> tuple[Tensor]:
    return (np.concatenate(dy, axis=saved.dim),)


def _sizes(split_size: int | tuple[int, ...], length: int) -> tuple[int, ...]:
    if isinstance(split_size, int):
        if split_size < 1:
            raise ValueError(f"split: split_size is at least 1, got {split_size}")
        return (split_size,) * -(-length // split_size)  # the last part ends where the array does
    if sum(split_size) != length or min(split_size, default=0) < 0:
        raise ValueError(f"split: the sizes in split_size are the {length} entries of the axis, got {split_size}")
    return split_size
