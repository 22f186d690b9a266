"""Natural logarithm: y = log x for x > 0, dy/dx = 1 / x."""

import numpy as np

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    return np.log(x), x


def backward(x: Any, dy: Any) -> tuple[Any]:
    return (dy / x,)
