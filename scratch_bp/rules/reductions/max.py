"""Maximum along one axis: y = max_i x_i. All of dy goes to one entry, the first largest one where there are ties.

PyTorch's `torch.max(x, dim)` picks the first as well; `amax` is the same function with dy split evenly over the ties.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.extremes import first_largest
from scratch_bp.rules.shapes import Any, Reduced


class Saved(NamedTuple):
    x: Any
    dim: int
    keepdim: bool


def forward(x: Any, *, dim: int = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    return np.asanyarray(x.max(axis=dim, keepdims=keepdim)), Saved(x, dim, keepdim)


def backward(saved: Saved, dy: Reduced) -> tuple[Any]:
    x, dim, keepdim = saved
    return ((dy if keepdim else np.expand_dims(dy, dim)) * first_largest(x, dim),)
