"""Sigmoid: y = 1 / (1 + exp(-x)), dy/dx = y (1 - y)."""

from scratch_bp.elementary import logistic
from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    y = logistic(x)
    return y, y


def backward(y: Any, dy: Any) -> tuple[Any]:
    return (dy * y * (1 - y),)
