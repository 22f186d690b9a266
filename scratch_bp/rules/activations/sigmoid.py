"""Sigmoid: y = 1 / (1 + exp(-x)), dy/dx = y (1 - y)."""

from scratch_bp.elementary import logistic
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    y = logistic(x)
    return y, y


def backward(y: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy * y * (1 - y),)
