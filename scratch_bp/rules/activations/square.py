"""Square: y = x^2, dy/dx = 2 x."""

from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    return x * x, x


def backward(x: Any, dy: Any) -> tuple[Any]:
    return (2 * x * dy,)
