"""Cross entropy of logits against probabilities t: sum_c w_c q_c (-log p_c) for each row, with p = softmax(x).

q = (1 - s) t + s / C is the target, smoothed over C classes; the weights w are 1 where none are given. The mean divides
by the number of rows. With m = sum_c w_c q_c,

    dx_c = (m p_c - w_c q_c) dy,  dt_c = -(1 - s) w_c log p_c dy.

The rows of t usually sum to 1, but need not. The weights are constants and have no gradient.
"""

from typing import NamedTuple

from scratch_bp.elementary import like
from scratch_bp.rules.losses.classes import across
from scratch_bp.rules.losses.reduction import along, reduce, share
from scratch_bp.rules.losses.softmaxes import SoftmaxTerms, Totals, require_smoothing, shift, softmax
from scratch_bp.rules.shapes import ClassWeights, Reduced, Scores


class Saved(NamedTuple):
    soft: SoftmaxTerms
    loss: Scores
    q: Scores
    mass: Totals
    weight: ClassWeights | None
    label_smoothing: float
    reduction: str


def forward(
    x: Scores,
    target: Scores,
    weight: ClassWeights | None = None,
    *,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> tuple[Reduced, Saved]:
    require_smoothing("cross_entropy_probabilities", label_smoothing)
    shifted, s = shift(x), like(x, label_smoothing)
    soft = softmax(shifted)
    q = target * (1 - s) + s / x.shape[1] if label_smoothing else target
    if weight is not None:
        q = q * across(weight, x)
    loss = along(soft.log_total) - shifted
    terms = (q * loss).sum(axis=1)
    return reduce(terms, reduction), Saved(soft, loss, q, q.sum(axis=1), weight, label_smoothing, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Scores | None, ...]:
    soft, loss, q, mass, weight, label_smoothing, reduction = saved
    each = share(dy, mass.size, reduction)
    dx = soft.times(each * mass) - q * along(each)
    factor = along(each) * (1 - like(loss, label_smoothing))
    dt = loss * (factor if weight is None else factor * across(weight, loss))
    return (dx, dt) if weight is None else (dx, dt, None)
