"""Threshold: y = x where x > threshold, else value. Slope 1 and 0, at x = threshold taken as 0.

The function jumps there, unless value = threshold.
"""

from typing import NamedTuple

from scratch_bp.elementary import like, where
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    threshold: float


def forward(x: Any, *, threshold: float, value: float) -> tuple[Any, Saved]:
    return where(x > like(x, threshold), x, like(x, value)), Saved(x, threshold)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    x, threshold = saved
    return (where(x > like(x, threshold), dy, like(dy, 0)),)
