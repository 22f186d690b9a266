"""Entries chosen along one axis: y[.., i, ..] = x[.., index[.., i, ..], ..], as torch.gather has it.

The index has as many axes as x and, may be smaller along all but `dim`: then only the first entries are read. An entry
that is read several times takes the sum: dx = sum of dy over the places where it was read.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from scratch_bp.rules.axes import axis_of
from scratch_bp.rules.indices import added_at, require_indices
from scratch_bp.rules.shapes import Gathered, Index, Tensor


class Saved(NamedTuple):
    places: np.ndarray
    shape: tuple[int, ...]


def forward(x: Tensor, index: Index, *, dim: int) -> tuple[Gathered, Saved]:
    dim = axis_of("gather", dim, x.ndim)
    fits = [m <= n for axis, (n, m) in enumerate(zip(x.shape, index.shape, strict=False)) if axis != dim]
    if index.ndim != x.ndim or not all(fits):
        raise ValueError(
            f"gather: the index has the axes of x, none but axis {dim} longer than there; "
            f"got {list(index.shape)} for {list(x.shape)}"
        )
    require_indices("gather", index, x.shape[dim])
    places = _places(index, dim, x.shape)
    return x.take(places), Saved(places, x.shape)


def backward(saved: Saved, dy: Gathered) -> tuple[Tensor, None]:
    places, shape = saved
    return added_at(places, dy, prod(shape)).reshape(shape), None


def _places(index: Index, dim: int, shape: tuple[int, ...]) -> np.ndarray:
    """Where each entry that is read stands in x laid out flat."""
    places: np.ndarray | int = 0
    for axis, n in enumerate(shape):
        at = index if axis == dim else np.arange(index.shape[axis]).reshape(-1, *(1,) * (len(shape) - axis - 1))
        places = places * n + at
    return np.asarray(places)
