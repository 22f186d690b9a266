"""Square root: y = sqrt x for x > 0, dy/dx = 1 / (2 y). At x = 0 the slope is infinite and nothing can be checked."""

import numpy as np

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    y = np.sqrt(x)
    return y, y


def backward(y: Any, dy: Any) -> tuple[Any]:
    return (dy / (2 * y),)
