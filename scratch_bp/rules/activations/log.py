"""Natural logarithm: y = log x for x > 0, dy/dx = 1 / x."""

import numpy as np

from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    return np.log(x), x


def backward(x: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy / x,)
