"""Sigmoid linear unit: y = x s, s = sigmoid(x); dy/dx = s + x s (1 - s)."""

from typing import NamedTuple

from scratch_bp.elementary import logistic
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    s: Tensor


def forward(x: Tensor) -> tuple[Tensor, Saved]:
    s = logistic(x)
    return x * s, Saved(x, s)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, s = saved
    return (dy * s * (1 + x * (1 - s)),)
