"""The one or the other of two arrays, by a condition: y = x1 where it is not 0 and x2 where it is, under broadcasting.

dy goes to the one that was taken, summed where an array was repeated. The condition is of integers and has no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, sum_to
from scratch_bp.rules.shapes import Broadcast, Condition, Left, Right


class Saved(NamedTuple):
    condition: np.ndarray
    left: tuple[int, ...]
    right: tuple[int, ...]


def forward(condition: Condition, x1: Left, x2: Right) -> tuple[Broadcast, Saved]:
    first = condition != 0
    return np.where(first, x1, x2), Saved(first, x1.shape, x2.shape)


def backward(saved: Saved, dy: Broadcast) -> tuple[None, Left, Right]:
    condition, left, right = saved
    zero = like(dy, 0)
    return None, sum_to(np.where(condition, dy, zero), left), sum_to(np.where(condition, zero, dy), right)
