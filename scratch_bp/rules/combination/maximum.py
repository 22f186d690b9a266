"""The larger of two arrays under broadcasting, entry by entry: dy goes to the larger, and at a tie half to each."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


class Saved(NamedTuple):
    x1: Left
    x2: Right


def forward(x1: Left, x2: Right) -> tuple[Broadcast, Saved]:
    return np.maximum(x1, x2), Saved(x1, x2)


def backward(saved: Saved, dy: Broadcast) -> tuple[Left, Right]:
    x1, x2 = saved
    zero, half = like(dy, 0), dy / 2
    dx1 = np.where(x1 > x2, dy, np.where(x1 < x2, zero, half))
    dx2 = np.where(x1 < x2, dy, np.where(x1 > x2, zero, half))
    return sum_to(dx1, x1.shape), sum_to(dx2, x2.shape)
