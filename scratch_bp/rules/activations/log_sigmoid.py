"""Log of the sigmoid: y = log(1 / (1 + exp(-x))) = min(x, 0) - log(1 + exp(-|x|)), dy/dx = sigmoid(-x)."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, logistic_by
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    z: Tensor


def forward(x: Tensor) -> tuple[Tensor, Saved]:
    z = np.exp(-abs(x))
    return np.minimum(x, like(x, 0)) - np.log1p(z), Saved(x, z)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, z = saved
    return (dy * logistic_by(x <= 0, z),)
