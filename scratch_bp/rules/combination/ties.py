"""The backward of a choice between two arrays, for maximum and minimum."""

import numpy as np

from scratch_bp.elementary import like, sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


def shared(dy: Broadcast, x1: Left, x2: Right, not_first: np.ndarray, not_second: np.ndarray) -> tuple[Left, Right]:
    """dy to the array that was chosen, entry by entry, and half to each at a tie.

    The conditions say where the first was not chosen, and where the second was not.
    """
    zero, part = like(dy, 0), np.where(x1 == x2, dy / 2, dy)
    return sum_to(np.where(not_first, zero, part), x1.shape), sum_to(np.where(not_second, zero, part), x2.shape)
