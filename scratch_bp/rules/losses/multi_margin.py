"""Multi-class margin loss: for each row of C scores the sum over j != t of w_t max(0, margin - x_t + x_j)^p / C, t its
target and p 1 or 2.

dx_j is 1 or 2 max(0, margin - x_t + x_j), as p is, times w_t dy / C, and 0 at the kink; dx_t is minus the sum of the
others. The mean divides by the number of rows. The indices and the weights are constants: neither has a gradient.
"""

from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.classes import places, require_classes
from scratch_bp.rules.losses.reduction import along, reduce, share
from scratch_bp.rules.shapes import Classes, ClassWeights, Logits, Reduced


class Saved(NamedTuple):
    gap: Logits
    target: Classes
    factor: Any
    weighted: bool
    p: int
    reduction: str


def forward(
    x: Logits,
    target: Classes,
    weight: ClassWeights | None = None,
    *,
    p: int = 1,
    margin: float = 1.0,
    reduction: str = "mean",
) -> tuple[Reduced, Saved]:
    if p not in (1, 2):
        raise ValueError(f"multi_margin: p is 1 or 2, got {p}")
    require_classes("multi_margin", target, x.shape[1])
    at = places(target)
    gap = x + along(like(x, margin) - x[at])
    gap[at] = like(x, 0)
    missing = np.maximum(gap, like(x, 0))
    factor = (like(x, 1) if weight is None else weight[target]) / x.shape[1]
    terms = (missing if p == 1 else missing * missing).sum(axis=1) * factor
    return reduce(terms, reduction), Saved(gap, target, factor, weight is not None, p, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Logits | None, ...]:
    gap, target, factor, weighted, p, reduction = saved
    each = share(dy, len(target), reduction) * factor
    slope = gap > 0 if p == 1 else 2 * np.maximum(gap, like(gap, 0))
    dx = slope * along(each)
    dx[places(target)] = -dx.sum(axis=1)
    return (dx, None, None) if weighted else (dx, None)
