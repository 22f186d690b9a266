"""Maximum along one axis: y = max_i x_i. Where k entries tie for it each takes dy / k.

`max` is the same function with all of dy given to one of the ties.
"""

import numpy as np

from scratch_bp.rules.extremes import even_shares
from scratch_bp.rules.reductions.max import Saved
from scratch_bp.rules.shapes import Any, Reduced


def forward(x: Any, *, dim: int = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    return np.asanyarray(x.max(axis=dim, keepdims=keepdim)), Saved(x, dim, keepdim)


def backward(saved: Saved, dy: Reduced) -> tuple[Any]:
    x, dim, keepdim = saved
    return ((dy if keepdim else np.expand_dims(dy, dim)) * even_shares(x, dim),)
