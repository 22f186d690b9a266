"""Clamp: y = min(max(x, min), max), either end left out by None; where min > max, max wins.

Slope 1 for min <= x <= max and 0 outside: at both kinks x = min and x = max it is taken as 1.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    min: float | None
    max: float | None


def forward(x: Any, *, min: float | None = None, max: float | None = None) -> tuple[Any, Saved]:
    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max is a number, got None for both")
    y = x if min is None else np.maximum(x, like(x, min))
    return y if max is None else np.minimum(y, like(x, max)), Saved(x, min, max)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    x, least, most = saved
    dx = dy if least is None else np.where(x < like(x, least), like(dy, 0), dy)
    return (dx if most is None else np.where(x > like(x, most), like(dy, 0), dx),)
