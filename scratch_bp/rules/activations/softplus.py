"""Softplus: y = log(1 + exp(beta x)) / beta, and y = x where beta x > threshold, as PyTorch has it.

dy/dx = sigmoid(beta x), and 1 beyond the threshold. The forward is written max(t, 0) + log1p(exp(-|t|)), t = beta x,
which cannot overflow.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, logistic_by
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    t: Tensor
    z: Tensor
    threshold: float


def forward(x: Tensor, *, beta: float = 1.0, threshold: float = 20.0) -> tuple[Tensor, Saved]:
    t = like(x, beta) * x
    z = np.exp(-abs(t))
    soft = np.maximum(t, like(t, 0)) + np.log1p(z)
    return np.where(t > threshold, x, soft / like(x, beta)), Saved(t, z, threshold)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    t, z, threshold = saved
    return (dy * np.where(t > threshold, like(t, 1), logistic_by(t >= 0, z)),)
