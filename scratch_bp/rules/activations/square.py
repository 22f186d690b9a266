"""Square: y = x^2, dy/dx = 2 x."""

from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    return x * x, x


def backward(x: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (2 * x * dy,)
