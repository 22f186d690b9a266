"""Binary cross entropy of probabilities 0 < x < 1 against t: the mean or sum of -t log x - (1 - t) log(1 - x).

dx = (x - t) / (x (1 - x)) dy / n and dt = (log(1 - x) - log x) dy / n. Both logarithms are kept at -100 or above, as
PyTorch does; where one is held there its own part of dx, -t / x or (1 - t) / (1 - x), is gone.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Any, Scalar

LEAST = -100


class Saved(NamedTuple):
    x: Any
    target: Any
    log_x: Any
    log_rest: Any
    reduction: str


def forward(x: Any, target: Any, *, reduction: str = "mean") -> tuple[Scalar, Saved]:
    log_x, log_rest = np.log(x), np.log1p(-x)
    terms = -(target * np.maximum(log_x, like(x, LEAST)) + (1 - target) * np.maximum(log_rest, like(x, LEAST)))
    return reduce(terms, reduction), Saved(x, target, log_x, log_rest, reduction)


def backward(saved: Saved, dy: Scalar) -> tuple[Any, Any]:
    x, target, log_x, log_rest, reduction = saved
    each, least = share(dy, x.size, reduction), like(x, LEAST)
    slope = (x - target) / (x * (1 - x))
    slope = np.where(log_x < LEAST, (1 - target) / (1 - x), slope)
    slope = np.where(log_rest < LEAST, -target / x, slope)
    return slope * each, (np.maximum(log_rest, least) - np.maximum(log_x, least)) * each
