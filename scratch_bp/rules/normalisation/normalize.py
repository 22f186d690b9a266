"""Division by the norm of order p over one axis or several: y = x / max(||x||_p, eps).

Above eps, dx = (dy - d||x||/dx sum_i dy_i y_i) / ||x||; below it dx = dy / eps. On the edge itself the norm counts as
above, as in PyTorch's clamp.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened
from scratch_bp.rules.reductions.axes import axes_of
from scratch_bp.rules.reductions.norm import norm_over, slope_over
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    x: Tensor
    y: Tensor
    length: Tensor
    divisor: Tensor
    above: Tensor
    p: float
    axes: tuple[int, ...]


def forward(
    x: Tensor, *, p: int | float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12
) -> tuple[Tensor, Saved]:
    wide, axes = widened(x), axes_of("normalize", x, dim)
    length = norm_over(wide, p, axes)
    least = like(wide, eps)
    above = length >= least
    divisor = np.where(above, length, least)
    y = wide / divisor
    return y.astype(x.dtype), Saved(wide, y, length, divisor, above, p, axes)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, y, length, divisor, above, p, axes = saved
    dx = dy / divisor
    dlength = np.where(above, (dx * y).sum(axes, keepdims=True), like(divisor, 0))
    return ((dx - dlength * slope_over(x, length, p, axes)).astype(dy.dtype, copy=False),)
