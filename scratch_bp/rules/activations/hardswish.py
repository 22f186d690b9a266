"""Hard swish (Howard et al., 2019): y = x h, h = min(max(x + 3, 0), 6) / 6 the hard sigmoid.

dy/dx = h + x dh/dx: 0 for x < -3, (2 x + 3) / 6 between and 1 for x > 3; at the kinks it is taken as 0 and 1.
"""

from typing import NamedTuple

from scratch_bp.elementary import clip, zero_unless
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    h: Tensor


def forward(x: Tensor) -> tuple[Tensor, Saved]:
    h = clip(x + 3, 0, 6) / 6
    return x * h, Saved(x, h)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, h = saved
    return (dy * (zero_unless(abs(x) < 3, x) / 6 + h),)
