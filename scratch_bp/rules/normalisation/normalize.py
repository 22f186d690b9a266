"""Division by the norm of order p over one axis or several: y = x / max(||x||_p, eps).

Above eps, dx = (dy - d||x||/dx sum_i dy_i y_i) / ||x||; below it dx = dy / eps. On the edge itself the norm counts as
above, as in PyTorch's clamp.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened
from scratch_bp.rules.reductions.axes import axes_of
from scratch_bp.rules.reductions.norm import ScaledNorm, norm_over, slope
from scratch_bp.rules.shapes import Tensor


class Saved(NamedTuple):
    norm: ScaledNorm
    y: Tensor
    divisor: Tensor
    above: Tensor


def forward(
    x: Tensor, *, p: int | float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12
) -> tuple[Tensor, Saved]:
    wide = widened(x)
    norm = norm_over(wide, p, axes_of("normalize", x, dim))
    least = like(wide, eps)
    above = norm.y >= least
    divisor = np.where(above, norm.y, least)
    y = wide / divisor
    return y.astype(x.dtype), Saved(norm, y, divisor, above)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    norm, y, divisor, above = saved
    dx = dy / divisor
    dlength = np.where(above, (dx * y).sum(norm.axes, keepdims=True), like(divisor, 0))
    return ((dx - dlength * slope(norm)).astype(dy.dtype, copy=False),)
