"""Cross entropy of logits against class indices: -log softmax(x)_t for each row, t its target.

With class weights w and smoothing s (Szegedy et al., 2016) a row's term is, over C classes and with p = softmax(x),

    (1 - s) w_t (-log p_t) + s / C sum_c w_c (-log p_c).

The mean divides by the sum of the rows' w_t. With a = (1 - s) w_t dy and b = s / C dy, dy the term's own cotangent,

    dx_c = (a + b sum_k w_k) p_c - b w_c - a [c = t].

A row whose target is `ignore_index` does not count. The indices and the weights are constants: neither has a gradient.
"""

from typing import Any, NamedTuple

from scratch_bp.elementary import like
from scratch_bp.rules.losses.classes import PickedClasses, across, pick
from scratch_bp.rules.losses.reduction import along, reduce, share
from scratch_bp.rules.losses.softmaxes import SoftmaxTerms, require_smoothing, shift, softmax
from scratch_bp.rules.shapes import ClassWeights, Labels, Reduced, Scores


class Saved(NamedTuple):
    soft: SoftmaxTerms
    picked: PickedClasses
    weight: ClassWeights | None
    label_smoothing: float
    reduction: str


def forward(
    x: Scores,
    target: Labels,
    weight: ClassWeights | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> tuple[Reduced, Saved]:
    require_smoothing("cross_entropy", label_smoothing)
    picked, shifted = pick("cross_entropy", x, target, weight, ignore_index), shift(x)
    soft = softmax(shifted)
    terms = picked.weighted(soft.log_total - shifted[picked.at])
    if label_smoothing:
        s = like(x, label_smoothing)
        others = picked.counted(soft.log_total * _mass(weight, x) - _even(weight, shifted))
        terms = terms * (1 - s) + others * (s / x.shape[1])
    return reduce(terms, reduction, picked.total), Saved(soft, picked, weight, label_smoothing, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Scores | None, ...]:
    soft, picked, weight, label_smoothing, reduction = saved
    each = share(dy, picked.total, reduction)
    a = picked.weighted(each)
    if label_smoothing:
        s = like(soft.e, label_smoothing)
        a, b = a * (1 - s), picked.counted(each) * (s / soft.e.shape[1])
        even = along(b) if weight is None else along(b) * across(weight, soft.e)
        dx = soft.times(a + b * _mass(weight, soft.e)) - even
    else:
        dx = soft.times(a)
    dx[picked.at] = dx[picked.at] - a
    return (dx, None) if weight is None else (dx, None, None)


def _even(weight: ClassWeights | None, shifted: Scores) -> Any:
    """The weighted sum over all classes."""
    return (shifted if weight is None else shifted * across(weight, shifted)).sum(axis=1)


def _mass(weight: ClassWeights | None, x: Scores) -> Any:
    """The sum of the weights."""
    return x.shape[1] if weight is None else weight.sum()
