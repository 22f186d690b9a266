"""Log of the sum of exponentials over one axis, several, or all of them: y = log sum_i exp(x_i), dx = softmax(x) dy.

The largest x is taken out first, y = m + log sum_i exp(x_i - m), so that nothing overflows. An infinite m is not taken
out: infinity less infinity is NaN.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened
from scratch_bp.rules.reductions.axes import Dim, axes_of, dropped
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    e: Tensor
    total: Tensor


def forward(x: Tensor, *, dim: Dim = -1, keepdim: bool = False) -> tuple[Reduced, Saved]:
    axes = axes_of("logsumexp", x, dim)
    wide = widened(x)
    m = np.asanyarray(wide.max(axes, keepdims=True))
    m = np.where(abs(m) < like(m, np.inf), m, like(m, 0))
    e = np.asanyarray(np.exp(wide - m))
    total = np.asanyarray(e.sum(axes, keepdims=True))
    return dropped(np.asanyarray(m + np.log(total)), axes, keepdim, x), Saved(e, total)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor]:
    e, total = saved
    return (np.asanyarray(e * (dy.reshape(total.shape) / total)).astype(dy.dtype, copy=False),)
