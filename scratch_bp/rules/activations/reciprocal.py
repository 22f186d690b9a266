"""Reciprocal: y = 1 / x for x other than 0, dy/dx = -y^2."""

from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    y = 1 / x
    return y, y


def backward(y: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (-dy * y * y,)  # dy first: y * y overflows or underflows where the product need not
