"""Maximum over one axis, several, or all of them: y = max_i x_i. Where k entries tie for it each takes dy / k.

`max` is the same function along one axis with all of dy given to one of the ties.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.extremes import even_shares
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    x: Tensor
    axes: tuple[int, ...]
    kept: tuple[int, ...]


def forward(x: Tensor, *, dim: Dim = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axes = axes_of("amax", x, dim)
    y = np.asanyarray(x.max(axes, keepdims=True))
    return dropped(y, axes, keepdim, x), Saved(x, axes, y.shape)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    x, axes, kept = saved
    return (np.asanyarray(dy.reshape(kept) * even_shares(x, axes)),)
