"""Hard tanh: y = x between min_val and max_val, and the nearer of the two outside.

Slope 1 for min_val < x < max_val and 0 outside: at both kinks it is taken as 0 (clamp, the same function, takes 1).
"""

from typing import NamedTuple

from scratch_bp.elementary import clip, like, zero_unless
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    min_val: float
    max_val: float


def forward(x: Tensor, *, min_val: float = -1.0, max_val: float = 1.0) -> tuple[Tensor, Saved]:
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val is at most max_val, got {min_val} and {max_val}")
    return clip(x, min_val, max_val), Saved(x, min_val, max_val)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, least, most = saved
    return (zero_unless((x > like(x, least)) & (x < like(x, most)), dy),)
