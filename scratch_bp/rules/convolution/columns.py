"""Windows copied out of an array, each into a column, and the adjoint, which adds the columns where they came from.

x [batch, channels, *lengths] has columns [batch, channels, offsets of the kernel, windows]; an entry outside x is 0.
Large arrays of floats are copied offset by offset. Where the number of calls costs more than the numbers do, and for
exact numbers, one table of positions does it in one: of each column's entries, and of the entries of each position.
"""

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import zeros_of
from scratch_bp.rules.convolution.windows import Axis, meetings

FEW = 2**15  # entries of the columns up to which a table is faster


class Tables(NamedTuple):
    """`taken` [offset, window] is the flat position in x, and `given` [n-th, position] that in the columns laid flat;
    one more than the last where there is none."""

    taken: np.ndarray
    given: np.ndarray


@lru_cache(maxsize=1024)
def tables_of(axes: tuple[Axis, ...]) -> Tables:
    size, flat, inside = prod(axis.length for axis in axes), np.zeros((1, 1), int), np.ones((1, 1), bool)
    for axis in axes:
        at = np.arange(axis.kernel)[:, None] * axis.dilation + np.arange(axis.number) * axis.stride - axis.padding
        shape = (flat.shape[0] * axis.kernel, flat.shape[1] * axis.number)
        flat = (flat[:, None, :, None] * axis.length + at[:, None]).reshape(shape)
        inside = (inside[:, None, :, None] & ((at >= 0) & (at < axis.length))[:, None]).reshape(shape)
    taken = np.where(inside, flat, size)
    order = np.argsort(taken, axis=None, kind="stable")
    hits = np.bincount(taken.ravel(), minlength=size + 1)[:size]
    rank = np.arange(hits.sum()) - np.repeat(hits.cumsum() - hits, hits)
    given = np.full((max(hits.max(), 1), size), taken.size)
    given[rank, np.repeat(np.arange(size), hits)] = order[: hits.sum()]
    return Tables(taken, given)


def few(x: np.ndarray, channels: int, axes: tuple[Axis, ...]) -> bool:
    """Are there so few columns of so many channels, or are the numbers of x so slow, that tables are the better way?"""
    return x.dtype == object or len(x) * channels * prod(axis.kernel * axis.number for axis in axes) <= FEW


def unfold(x: np.ndarray, axes: tuple[Axis, ...]) -> np.ndarray:
    """The columns of x."""
    if few(x, x.shape[1], axes):
        return _take(x.reshape(*x.shape[:2], -1), tables_of(axes).taken)
    met = meetings(axes)
    columns = zeros_of(x, (*x.shape[:2], len(met), *(axis.number for axis in axes)))
    for offset, (windows, positions) in enumerate(met):
        columns[:, :, offset][windows] = x[positions]
    return columns.reshape(*columns.shape[:3], -1)


def fold(columns: np.ndarray, axes: tuple[Axis, ...]) -> np.ndarray:
    """The sums of the columns' entries at each position of x."""
    lead, lengths = columns.shape[:2], tuple(axis.length for axis in axes)
    if few(columns, columns.shape[1], axes):
        return _take(columns.reshape(*lead, -1), tables_of(axes).given).sum(axis=-2).reshape(*lead, *lengths)
    columns, x = (
        columns.reshape(*columns.shape[:3], *(axis.number for axis in axes)),
        zeros_of(columns, (*lead, *lengths)),
    )
    for offset, (windows, positions) in enumerate(meetings(axes)):
        x[positions] += columns[:, :, offset][windows]
    return x


def _take(flat: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The entries at the positions in the table; that after the last is 0."""
    return np.concatenate((flat, zeros_of(flat, (*flat.shape[:2], 1))), axis=-1).take(table, axis=-1)
