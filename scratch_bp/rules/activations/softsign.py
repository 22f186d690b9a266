"""Softsign: y = x / (1 + |x|), dy/dx = 1 / (1 + |x|)^2. Smooth at 0 as well."""

from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    size = 1 + abs(x)
    return x / size, size


def backward(size: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy / size / size,)  # not over size * size, which overflows long before the slope underflows
