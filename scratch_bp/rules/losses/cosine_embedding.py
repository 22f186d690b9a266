"""Cosine embedding loss of two vectors: 1 - c where the target is 1, max(0, c - margin) where it is -1, c their cosine.

c = sum_i u_i v_i with u = x1 / n1 and v = x2 / n2, n = sqrt(sum_i x_i^2 + 1e-12): so c is smooth at 0 too, and
dc/dx1 = (v - c u) / n1. At the kink c = margin the slope is taken as that above. A target of 0, which is neither, has
no term, as in PyTorch. Targets are integers and have no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, rounded, widened
from scratch_bp.rules.losses.reduction import along, reduce, share
from scratch_bp.rules.shapes import Reduced, RowColumn, Rows, RowSigns
from scratch_bp.scale import scaled

EPS = 1e-12


class Saved(NamedTuple):
    u: Rows
    v: Rows
    n1: RowColumn
    n2: RowColumn
    cosine: RowColumn
    target: RowSigns
    margin: float
    reduction: str


def forward(
    x1: Rows, x2: Rows, target: RowSigns, *, margin: float = 0.0, reduction: str = "mean"
) -> tuple[Reduced, Saved]:
    wide1, wide2 = widened(x1), widened(x2)  # in 16 bits a square may overflow, and EPS is 0
    n1, n2 = _length(wide1), _length(wide2)
    u, v = wide1 / n1, wide2 / n2
    cosine = (u * v).sum(axis=-1, keepdims=True)
    c = cosine[..., 0]
    terms = (target == 1) * (1 - c) + (target == -1) * np.maximum(c - like(c, margin), like(c, 0))
    return rounded(reduce(terms, reduction), x1.dtype), Saved(u, v, n1, n2, cosine, target, margin, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Rows, Rows, None]:
    u, v, n1, n2, cosine, target, margin, reduction = saved
    each, signs = share(dy, target.size, reduction), np.expand_dims(target, -1)
    one = like(dy, 1)
    dc = ((signs == -1) * ((cosine >= like(cosine, margin)) * one) - (signs == 1) * one) * along(each, -1)
    with np.errstate(over="ignore"):  # beside a vector of zeros the slope is 1e6, beyond float16
        return _turned(u, v, cosine, dc, n1), _turned(v, u, cosine, dc, n2), None


def _turned(u: Rows, v: Rows, cosine: RowColumn, dc: RowColumn, n: RowColumn) -> Rows:
    """The part of v across u, times dc / n."""
    found: Rows = ((v - cosine * u) * (dc / n)).astype(dc.dtype, copy=False)
    return found


def _length(x: Rows) -> RowColumn:
    u, scale = scaled(x, (x.ndim - 1,), least=EPS**0.5)
    length: RowColumn = np.sqrt((u * u).sum(axis=-1, keepdims=True) + like(x, EPS) / scale / scale) * scale
    return length
