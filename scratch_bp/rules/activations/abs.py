"""Absolute value: y = |x|. Slope sign(x), taken as 0 at the kink x = 0."""

from scratch_bp.elementary import sign
from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    return abs(x), x


def backward(x: Any, dy: Any) -> tuple[Any]:
    return (dy * sign(x),)
