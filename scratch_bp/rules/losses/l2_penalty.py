"""Penalty on large weights: y = weight_decay / 2 * sum_i w_i^2, whose gradient is an optimiser's weight_decay * w."""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.reduction import reduce_products
from scratch_bp.rules.shapes import Scalar, Tensor


class Saved(NamedTuple):
    w: Tensor
    weight_decay: float


def forward(w: Tensor, *, weight_decay: float) -> tuple[Scalar, Saved]:
    total = reduce_products(w, w, "sum")
    return np.asarray(like(w, weight_decay / 2) * total, dtype=w.dtype), Saved(w, weight_decay)


def backward(saved: Saved, dy: Scalar) -> tuple[Tensor]:
    w, weight_decay = saved
    return (like(w, weight_decay) * w * dy,)
