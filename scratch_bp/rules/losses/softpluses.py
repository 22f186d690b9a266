"""softplus(x) = log(1 + exp(x)) and its slope sigmoid(x), both in one z = exp(-|x|) <= 1, which does not overflow."""

import numpy as np

from scratch_bp.elementary import like, logistic_by
from scratch_bp.rules.shapes import Any


def decay(x: Any) -> Any:
    """z = exp(-|x|)."""
    return np.asanyarray(np.exp(-abs(x)))


def softplus(x: Any, z: Any) -> Any:
    return np.asanyarray(np.maximum(x, like(x, 0)) + np.log1p(z))


def sigmoid(x: Any, z: Any) -> Any:
    return logistic_by(x >= 0, z)
