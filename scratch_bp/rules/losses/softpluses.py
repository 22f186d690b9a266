"""softplus(x) = log(1 + exp(x)) and its slope sigmoid(x), both in one z = exp(-|x|) <= 1, which does not overflow."""

import numpy as np

from scratch_bp.elementary import like, logistic_by
from scratch_bp.rules.shapes import Tensor


def decay(x: Tensor) -> Tensor:
    """z = exp(-|x|)."""
    return np.asanyarray(np.exp(-abs(x)))


def softplus(x: Tensor, z: Tensor) -> Tensor:
    return np.asanyarray(np.maximum(x, like(x, 0)) + np.log1p(z))


def sigmoid(x: Tensor, z: Tensor) -> Tensor:
    return logistic_by(x >= 0, z)
