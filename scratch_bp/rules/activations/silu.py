"""Sigmoid linear unit: y = x s, s = sigmoid(x); dy/dx = s + x s (1 - s)."""

from typing import NamedTuple

from scratch_bp.elementary import logistic
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    s: Any


def forward(x: Any) -> tuple[Any, Saved]:
    s = logistic(x)
    return x * s, Saved(x, s)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    x, s = saved
    return (dy * s * (1 + x * (1 - s)),)
