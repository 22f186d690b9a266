"""Log of the sigmoid: y = log(1 / (1 + exp(-x))) = min(x, 0) - log(1 + exp(-|x|)), dy/dx = sigmoid(-x)."""

from math import inf

import numpy as np

from scratch_bp.elementary import clip, logistic
from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    return clip(x, -inf, 0) - np.log1p(np.exp(-abs(x))), x


def backward(x: Any, dy: Any) -> tuple[Any]:
    return (dy * logistic(-x),)
