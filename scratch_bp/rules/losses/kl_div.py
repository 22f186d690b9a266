"""Kullback-Leibler divergence of log-probabilities x from probabilities t: the terms t (log t - x), 0 where t is 0.

dx = -t dy and dt = (log t + 1 - x) dy. With log_target the target is u = log t: the terms are exp(u) (u - x), and
du = exp(u) (u - x + 1) dy. Besides mean and sum there is "batchmean", the sum over the length of the first axis: it is
the divergence itself, where mean divides it by the number of classes too.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import REDUCTIONS, reduce, share
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    x: Tensor
    p: Tensor
    log_p: Tensor
    log_target: bool
    reduction: str


def forward(x: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> tuple[Reduced, Saved]:
    if reduction not in (*REDUCTIONS, "batchmean"):
        raise ValueError(f"kl_div: reduction is one of {', '.join(REDUCTIONS)}, batchmean, got {reduction!r}")
    if reduction == "batchmean" and not x.ndim:
        raise ValueError("kl_div: the reduction 'batchmean' needs an axis to be the batch, got x without axes")
    if log_target:
        p, log_p = np.asanyarray(np.exp(target)), target
    else:
        one = like(x, 1)
        p, log_p = target, np.log(np.where(target == 0, one, target))  # 0 log 0 is 0
    saved = Saved(x, p, log_p, log_target, reduction)
    return reduce(p * (log_p - x), *_gathering(saved)), saved


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor]:
    x, p, log_p, log_target, _ = saved
    reduction, total = _gathering(saved)
    each = share(dy, total, reduction)
    dx = -p * each
    slope = log_p - x + 1
    return dx, -dx * slope if log_target else slope * each


def _gathering(saved: Saved) -> tuple[str, int]:
    """The reduction as one of the three, and what a mean divides by."""
    x, reduction = saved.x, saved.reduction
    return ("mean", len(x)) if reduction == "batchmean" else (reduction, x.size)
