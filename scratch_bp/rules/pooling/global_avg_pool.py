"""Mean of each channel over all axes behind it, which stay with size 1: y[b, c, 1, ...] = mean x[b, c, ...].

Each of a channel's n entries takes dy / n.
"""

from math import prod
from typing import NamedTuple

from scratch_bp.elementary import mean_over, repeated
from scratch_bp.rules.shapes import Maps, Reduced


class Saved(NamedTuple):
    shape: tuple[int, ...]


def forward(x: Maps) -> tuple[Reduced, Saved]:
    return mean_over(x, tuple(range(2, x.ndim)), keepdims=True), Saved(x.shape)


def backward(saved: Saved, dy: Reduced) -> tuple[Maps]:
    return (repeated(dy / prod(saved.shape[2:]), saved.shape),)
