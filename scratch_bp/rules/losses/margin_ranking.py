"""Margin ranking loss: the mean or sum of max(0, margin - target (x1 - x2)), target 1 or -1 for which should be larger.

Where the term is not 0 the slopes are -target for x1, target for x2 and x2 - x1 for the target; at the kink, where it
just is 0, they are taken as the same.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    gap: Tensor
    target: Tensor
    term: Tensor
    reduction: str


def forward(
    x1: Tensor, x2: Tensor, target: Tensor, *, margin: float = 0.0, reduction: str = "mean"
) -> tuple[Reduced, Saved]:
    gap = x1 - x2
    term = like(x1, margin) - target * gap
    return reduce(np.maximum(term, like(x1, 0)), reduction), Saved(gap, target, term, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor, Tensor]:
    gap, target, term, reduction = saved
    each = (term >= 0) * share(dy, target.size, reduction)
    dx2 = target * each
    return -dx2, dx2, -gap * each
