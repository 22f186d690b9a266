"""Negative log likelihood of counts t under a Poisson distribution of rate exp(x), or x without log_input:

    exp(x) - t x                  dx = (exp(x) - t) dy              dt = -x dy
    x - t log(x + eps)            dx = (1 - t / (x + eps)) dy       dt = -log(x + eps) dy

`full` adds log t! where t > 1, by Stirling: t log t - t + log(2 pi t) / 2, and log t + 1 / (2 t) to the slope by t.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, pi
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Reduced, Tensor


class Saved(NamedTuple):
    rate: Tensor
    log_rate: Tensor
    target: Tensor
    log_input: bool
    full: bool
    reduction: str


def forward(
    x: Tensor,
    target: Tensor,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> tuple[Reduced, Saved]:
    if not eps > 0:
        raise ValueError(f"poisson_nll: eps must be above 0, got {eps}")
    rate = np.exp(x) if log_input else x + like(x, eps)
    log_rate = x if log_input else np.log(rate)
    terms = (rate if log_input else x) - target * log_rate
    if full:
        large, many = _large(target)
        terms = terms + large * (many * np.log(many) - many + np.log(2 * pi(many) * many) / 2)
    return reduce(terms, reduction), Saved(rate, log_rate, target, log_input, full, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor]:
    rate, log_rate, target, log_input, full, reduction = saved
    each = share(dy, target.size, reduction)
    dx = (rate - target if log_input else 1 - target / rate) * each
    slope = -log_rate
    if full:
        large, many = _large(target)
        slope = slope + large * (np.log(many) + 1 / (2 * many))
    return dx, slope * each


def _large(target: Tensor) -> tuple[Tensor, Tensor]:
    """Where the count is above 1, and the counts with 1 in the place of the others."""
    return target > 1, np.maximum(target, like(target, 1))
