"""Leaky rectifier: y = x where x > 0 and negative_slope * x elsewhere; at the kink x = 0 that slope holds."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    negative_slope: float


def forward(x: Any, *, negative_slope: float = 0.01) -> tuple[Any, Saved]:
    return np.where(x > 0, x, like(x, negative_slope) * x), Saved(x, negative_slope)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    x, negative_slope = saved
    return (np.where(x > 0, dy, like(dy, negative_slope) * dy),)
