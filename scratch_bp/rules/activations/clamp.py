"""Clamp: y = min(max(x, min), max), either end left out by None; where min > max, max wins.

Slope 1 for min <= x <= max and 0 outside: at both kinks x = min and x = max it is taken as 1.
"""

from math import inf
from typing import NamedTuple

from scratch_bp.elementary import clip, like, zero_unless
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    least: float
    most: float


def forward(x: Tensor, *, min: float | None = None, max: float | None = None) -> tuple[Tensor, Saved]:
    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max is a number, got None for both")
    ends = -inf if min is None else min, inf if max is None else max
    return clip(x, *ends), Saved(x, *ends)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, least, most = saved
    return (zero_unless((x >= like(x, least)) & (x <= like(x, most)), dy),)
