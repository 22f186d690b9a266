"""Rectifier: y = max(x, 0). Slope 1 where x > 0 and 0 elsewhere; at the kink x = 0 the slope is taken as 0."""

from math import inf

from scratch_bp.elementary import clip, zero_unless
from scratch_bp.rules.shapes import Any


def forward(x: Any) -> tuple[Any, Any]:
    return clip(x, 0, inf), x


def backward(x: Any, dy: Any) -> tuple[Any]:
    return (zero_unless(x > 0, dy),)
