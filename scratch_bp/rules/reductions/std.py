"""Standard deviation over axes, n entries in all: y = sqrt(sum_i (x_i - mean x)^2 / (n - correction)).

dx = (x - mean x) dy / (y (n - correction)), taken as 0 at the kink y = 0, where all entries are equal.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.reductions.var import spread
from scratch_bp.rules.shapes import Reduced, Tensor
from scratch_bp.scale import scaled


class Saved(NamedTuple):
    """The entries less their mean and y, both divided by one scale."""

    centred: Tensor
    root: Tensor
    freedom: int


def forward(x: Tensor, *, dim: Dim = -1, correction: int = 1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axes = axes_of("std", x, dim)
    u, scale = scaled(widened(x), axes)
    variance, centred, freedom = spread("std", u, axes, correction)
    root = np.asanyarray(np.sqrt(variance))
    return dropped(np.asanyarray(root * scale), axes, keepdim, x), Saved(centred, root, freedom)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    centred, root, freedom = saved
    # where y is 0 so is every entry less the mean: any other divisor gives the slope 0
    dx = centred * (dy.reshape(root.shape) / (np.where(root > 0, root, like(root, 1)) * freedom))
    return (np.asanyarray(dx).astype(dy.dtype, copy=False),)
