"""Hinge embedding loss of distances x: the mean or sum of x where the target is 1, and of max(0, margin - x) where it
is -1. The slopes are 1, and -1 as far as x <= margin, the kink included.

A target of 0, which is neither, counts as both, as in PyTorch. Targets are integers and have no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Reduced, Signs, Tensor


class Saved(NamedTuple):
    apart: Tensor
    target: Signs
    reduction: str


def forward(x: Tensor, target: Signs, *, margin: float = 1.0, reduction: str = "mean") -> tuple[Reduced, Saved]:
    apart = np.asanyarray(like(x, margin) - x)
    near, far = target != -1, target != 1
    return reduce(near * x + far * np.maximum(apart, like(x, 0)), reduction), Saved(apart, target, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, None]:
    apart, target, reduction = saved
    near, far = target != -1, target != 1
    slope = near * like(apart, 1) - far * ((apart >= 0) * like(apart, 1))
    return slope * share(dy, target.size, reduction), None
