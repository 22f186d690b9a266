"""A choice between two arrays, entry by entry: y = x1 where the condition is not 0, and x2 where it is 0.

dy goes to the array that was chosen, summed where broadcasting repeated it. The condition holds integers and has no
gradient.
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
