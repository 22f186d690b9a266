"""Arrays one after the other along an axis; along it their sizes may differ. Each gradient is its part of dy."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.axes import along, axis_of
from scratch_bp.rules.shapes import Arranged, Part


class Saved(NamedTuple):
    sizes: tuple[int, ...]
    dim: int


def forward(*xs: Part, dim: int = 0) -> tuple[Arranged, Saved]:
    dim = axis_of("concat", dim, xs[0].ndim)
    return np.concatenate(xs, axis=dim), Saved(tuple(x.shape[dim] for x in xs), dim)


def backward(saved: Saved, dy: Arranged) -> tuple[Part, ...]:
    parts, start = [], 0
    for size in saved.sizes:
        parts.append(dy[along(saved.dim, slice(start, start + size))].copy())
        start += size
    return tuple(parts)
