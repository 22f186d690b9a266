"""The angles of positions: position p turns the pair i of a width d by p base^(-2i / d).

Constants, computed in float64 and rounded once to the numbers they are used with: the same in forward and backward.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import constants_like


class Table(NamedTuple):
    """The sines and cosines [positions, pairs], and both interleaved, [positions, width]."""

    sines: np.ndarray
    cosines: np.ndarray
    waves: np.ndarray


def table(x: np.ndarray, base: float) -> Table:
    """The table for the last two axes of x, in the numbers of x."""
    if x.dtype != object:
        return _rounded(*x.shape[-2:], base, x.dtype)
    return Table(*(constants_like(x, each) for each in _rounded(*x.shape[-2:], base, np.dtype(np.float64))))


@lru_cache(maxsize=64)
def _rounded(positions: int, width: int, base: float, dtype: np.dtype) -> Table:
    turns = np.arange(positions)[:, None] * base ** (-np.arange(0, width, 2) / width)
    sines, cosines = np.sin(turns), np.cos(turns)
    waves = np.stack([sines, cosines], axis=-1).reshape(positions, -1)[:, :width]
    found = Table(*(each.astype(dtype) for each in (sines, cosines, waves)))
    for each in found:
        each.setflags(write=False)  # whoever asks next is given the same arrays
    return found
