"""For rules with a mask of 0 and 1. The mask is an input, not drawn inside, so that the rule is a pure function."""

import numpy as np

from scratch_bp.elementary import like, zero_unless
from scratch_bp.rules.shapes import Tensor


def require_probability(rule: str, p: float) -> None:
    if not 0 <= p < 1:
        raise ValueError(f"{rule}: p is a probability below 1, got {p}")


def kept(x: Tensor, mask: np.ndarray, p: float) -> Tensor:
    """x / (1 - p) where the mask is not 0, and 0 elsewhere: its mean over masks is x again."""
    return zero_unless(mask != 0, x / like(x, 1 - p))
