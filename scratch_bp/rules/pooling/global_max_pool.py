"""Maximum of each channel over all axes behind it, which stay with size 1: y[b, c, 1, ...] = max x[b, c, ...].

All of dy goes to one entry, the first largest one where there are ties, row by row.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.convolution.windows import Sizes
from scratch_bp.rules.pooling.adaptive import winner
from scratch_bp.rules.shapes import Maps, Reduced


class Saved(NamedTuple):
    flat: np.ndarray
    y: np.ndarray
    shape: Sizes


def forward(x: Maps) -> tuple[Reduced, Saved]:
    flat = x.reshape(*x.shape[:2], -1)
    y = flat.max(axis=2, keepdims=True)
    return y.reshape(*x.shape[:2], *(1,) * (x.ndim - 2)).copy(), Saved(flat, y, x.shape)


def backward(saved: Saved, dy: Reduced) -> tuple[Maps]:
    flat, y, shape = saved
    return (winner(flat, y, dy.reshape(y.shape), 2).reshape(shape),)
