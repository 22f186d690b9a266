"""Negative log likelihood of log-probabilities at class indices: -w_t x_t for each row, t its target.

The mean divides by the sum of the rows' w_t. dx = -w_t dy / sum w at the row's target and 0 elsewhere. A row whose
target is `ignore_index` does not count. The indices and the weights are constants: neither has a gradient.
"""

from typing import NamedTuple

from scratch_bp.elementary import zeros_like
from scratch_bp.rules.losses.classes import PickedClasses, pick
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import ClassWeights, Labels, Reduced, Scores


class Saved(NamedTuple):
    x: Scores
    picked: PickedClasses
    weighted: bool
    reduction: str


def forward(
    x: Scores,
    target: Labels,
    weight: ClassWeights | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> tuple[Reduced, Saved]:
    picked = pick("nll", x, target, weight, ignore_index)
    terms = picked.weighted(-x[picked.at])
    return reduce(terms, reduction, picked.total), Saved(x, picked, weight is not None, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Scores | None, ...]:
    x, picked, weighted, reduction = saved
    dx = zeros_like(x)
    dx[picked.at] = picked.weighted(-share(dy, picked.total, reduction))
    return (dx, None, None) if weighted else (dx, None)
