"""Binary cross entropy of probabilities 0 < x < 1 against t: the mean or sum of -w (t log x + (1 - t) log(1 - x)).

dx = w (x - t) / (x (1 - x)) dy / n and dt = w (log(1 - x) - log x) dy / n. Both logarithms are kept at -100 or above,
as PyTorch does; where one would be below, its part of dx, -t / x or (1 - t) / (1 - x), is 0. The weights w are 1
where none are given; they have no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import reduce, require_rescaling, share
from scratch_bp.rules.shapes import Reduced, Rescaling, Tensor

LEAST = -100


class Saved(NamedTuple):
    x: Tensor
    target: Tensor
    weight: Rescaling | None
    log_x: Tensor
    log_rest: Tensor
    reduction: str


def forward(
    x: Tensor, target: Tensor, weight: Rescaling | None = None, *, reduction: str = "mean"
) -> tuple[Reduced, Saved]:
    require_rescaling("bce", "weight", x, weight)
    log_x, log_rest = np.asanyarray(np.log(x)), np.asanyarray(np.log1p(-x))
    terms = (target - 1) * _held(log_rest) - target * _held(log_x)
    if weight is not None:
        terms = terms * weight
    return reduce(terms, reduction), Saved(x, target, weight, log_x, log_rest, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor | None, ...]:
    x, target, weight, log_x, log_rest, reduction = saved
    each = share(dy, x.size, reduction)
    each = each if weight is None else each * weight
    dx = (x - target) / (x * (1 - x))
    dx = np.where(log_x < LEAST, (1 - target) / (1 - x), dx)
    dx = np.where(log_rest < LEAST, -target / x, dx)
    dx = dx * each
    dt = (_held(log_rest) - _held(log_x)) * each
    return (dx, dt) if weight is None else (dx, dt, None)


def _held(logs: Tensor) -> Tensor:
    return np.asanyarray(np.maximum(logs, like(logs, LEAST)))
