"""How the cotangent goes to the one of two numbers that was chosen."""

import numpy as np

from scratch_bp.elementary import like, sum_to
from scratch_bp.rules.shapes import Broadcast, Left, Right


def shared(dy: Broadcast, x1: Left, x2: Right, not_first: np.ndarray, not_second: np.ndarray) -> tuple[Left, Right]:
    """All of dy to the one that the other condition does not rule out, and at a tie half to each."""
    zero, part = like(dy, 0), np.where(x1 == x2, dy / 2, dy)
    return sum_to(np.where(not_first, zero, part), x1.shape), sum_to(np.where(not_second, zero, part), x2.shape)
