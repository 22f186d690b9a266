"""Triplet margin loss of vectors (Balntas et al., 2016): max(0, d(a, p) - d(a, n) + margin), d the distance of two.

The anchor a is to be nearer to the positive p than to the negative n. With `swap` n is compared with the nearer of a
and p, where both are as near with both by halves. d(a, p) = ||a - p + eps|| in the p-norm, whose slope is the unit
vector for p = 2; so da is the slope of d(a, p) less that of d(a, n), times dy, and each partner has the negative of its
own. At the kink, where the term just is 0, the slope is taken as that above.
"""

from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.distances import distance, slope
from scratch_bp.rules.losses.reduction import along, reduce, share
from scratch_bp.rules.shapes import Reduced, RowColumn, Rows

Apart = tuple[Rows, RowColumn]


class Saved(NamedTuple):
    near: Apart
    far: Apart
    other: Apart | None
    term: RowColumn
    p: float
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
    near, far = distance(anchor, positive, p, eps), distance(anchor, negative, p, eps)
    other = distance(positive, negative, p, eps) if swap else None
    nearest = far[1] if other is None else np.minimum(far[1], other[1])
    term = like(anchor, margin) + near[1] - nearest
    terms = np.maximum(term[..., 0], like(anchor, 0))
    return reduce(terms, reduction), Saved(near, far, other, term, p, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Rows, Rows, Rows]:
    near, far, other, term, p, reduction = saved
    each = share(dy, term.size, reduction)
    each = (term >= 0) * along(each, -1)
    to_positive = slope(*near, p) * each
    if other is None:
        to_negative = slope(*far, p) * each
        return to_positive - to_negative, -to_positive, to_negative
    part = _part(far[1], other[1])
    to_negative, between = slope(*far, p) * (each * part), slope(*other, p) * (each * (1 - part))
    return to_positive - to_negative, -to_positive - between, to_negative + between


def _part(a: Any, b: Any) -> Any:
    """1 where a is the smaller, 0 where b is, a half where neither."""
    one = like(a, 1)
    return np.where(a < b, one, np.where(a > b, like(a, 0), one / 2))
