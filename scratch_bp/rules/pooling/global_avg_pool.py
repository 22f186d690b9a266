"""Mean of each channel over all axes behind it, which stay with size 1: y[b, c, 1, ...] = mean x[b, c, ...].

Each of a channel's n entries takes dy / n.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from scratch_bp.rules.convolution.windows import Sizes
from scratch_bp.rules.shapes import Maps, Reduced


class Saved(NamedTuple):
    shape: Sizes


def forward(x: Maps) -> tuple[Reduced, Saved]:
    return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True), Saved(x.shape)


def backward(saved: Saved, dy: Reduced) -> tuple[Maps]:
    return (np.broadcast_to(dy / prod(saved.shape[2:]), saved.shape, subok=True).copy(),)
