"""Mean along one axis of n entries: y = sum_i x_i / n, and every entry's gradient is dy / n."""

import numpy as np

from scratch_bp.rules.reductions import sum
from scratch_bp.rules.shapes import Any, Reduced


def forward(x: Any, *, dim: int = -1, keepdim: bool = False) -> tuple[Reduced, sum.Saved]:
    total, saved = sum.forward(x, dim=dim, keepdim=keepdim)
    return np.asanyarray(total / saved.length), saved


def backward(saved: sum.Saved, dy: Reduced) -> tuple[Any]:
    return sum.backward(saved, np.asanyarray(dy / saved.length))
