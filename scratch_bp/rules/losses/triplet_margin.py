"""Triplet margin loss of vectors (Balntas et al., 2016): max(0, d(a, p) - d(a, n) + margin), d the distance of two.

The anchor a should be nearer to the positive p than to the negative n. With `swap`, d(a, n) is replaced by the smaller
of d(a, n) and d(p, n); at a tie each takes half of the cotangent. d(a, p) = ||a - p + eps|| in the p-norm, whose slope
is the unit vector for p = 2. So da is the slope of d(a, p) less that of d(a, n), times dy, and p and n get the negative
of their own part. At the kink, where the term is just 0, the slope is taken as that above.
"""

from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import along, reduce, share
from scratch_bp.rules.reductions.norm import ScaledNorm, norm_over, slope
from scratch_bp.rules.shapes import Reduced, RowColumn, Rows


class Saved(NamedTuple):
    near: ScaledNorm
    far: ScaledNorm
    other: ScaledNorm | None
    term: RowColumn
    reduction: str


def forward(
    anchor: Rows,
    positive: Rows,
    negative: Rows,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> tuple[Reduced, Saved]:
    for name, value, least in (("margin", margin, 0), ("p", p, 1)):
        if not value >= least:
            raise ValueError(f"triplet_margin: {name} must be {least} or above, got {value}")
    near, far = _apart(anchor, positive, p, eps), _apart(anchor, negative, p, eps)
    other = _apart(positive, negative, p, eps) if swap else None
    nearest = far.y if other is None else np.minimum(far.y, other.y)
    term = (like(near.y, margin) + near.y - nearest).astype(anchor.dtype, copy=False)
    terms = np.maximum(term[..., 0], like(anchor, 0))
    return reduce(terms, reduction), Saved(near, far, other, term, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Rows, Rows, Rows]:
    near, far, other, term, reduction = saved
    each = (term >= 0) * along(share(dy, term.size, reduction), -1)
    to_positive = _slope(near, each)
    if other is None:
        to_negative = _slope(far, each)
        return to_positive - to_negative, -to_positive, to_negative
    part = _part(far.y, other.y).astype(each.dtype, copy=False)
    to_negative, between = _slope(far, each * part), _slope(other, each * (1 - part))
    return to_positive - to_negative, -to_positive - between, to_negative + between


def _apart(a: Rows, b: Rows, p: float, eps: float) -> ScaledNorm:
    v = np.asanyarray(a - b + like(a, eps))
    return norm_over(v, p, (v.ndim - 1,))


def _slope(distance: ScaledNorm, each: RowColumn) -> Rows:
    """What each distance sends to the first of its two vectors; the second gets the negative."""
    sent: Rows = slope(distance) * each
    return sent.astype(each.dtype, copy=False)


def _part(a: Any, b: Any) -> Any:
    """1 where a is the smaller, 0 where b is, a half where neither."""
    one = like(a, 1)
    return np.where(a < b, one, np.where(a > b, like(a, 0), one / 2))
