"""Reciprocal: y = 1 / x for x other than 0, dy/dx = -y^2."""

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    y = 1 / x
    return y, y


def backward(y: Any, dy: Any) -> tuple[Any]:
    return (-dy * y * y,)  # dy first: y * y overflows or underflows where the product need not
