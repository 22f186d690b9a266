"""Absolute value: y = |x|. Slope sign(x), taken as 0 at the kink x = 0."""

from scratch_bp.elementary import sign
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor) -> tuple[Tensor, Tensor]:
    return abs(x), x


def backward(x: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (dy * sign(x),)
