"""Binary cross entropy of logits x against probabilities t: the mean or sum of max(x, 0) - x t + log1p(exp(-|x|)).

dx = (sigmoid(x) - t) dy / n and dt = -x dy / n.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, logistic
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Any, Scalar


class Saved(NamedTuple):
    x: Any
    target: Any
    reduction: str


def forward(x: Any, target: Any, *, reduction: str = "mean") -> tuple[Scalar, Saved]:
    terms = np.maximum(x, like(x, 0)) - x * target + np.log1p(np.exp(-abs(x)))
    return reduce(terms, reduction), Saved(x, target, reduction)


def backward(saved: Saved, dy: Scalar) -> tuple[Any, Any]:
    x, target, reduction = saved
    each = share(dy, x.size, reduction)
    return (logistic(x) - target) * each, -x * each
