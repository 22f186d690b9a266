"""Adagrad (Duchi, Hazan and Singer, 2011): the step divided by the root of the sum of all g^2 so far.

s_t = s_{t-1} + g^2, and w goes down g / (sqrt s + eps) at the rate lr / (1 + (t - 1) lr_decay).
"""

from math import inf

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.optimisers.optimiser import Slots, decayed, require


def start(w: np.ndarray, *, initial_accumulator_value: float = 0.0) -> Slots:
    require("adagrad", initial_accumulator_value=(initial_accumulator_value, 0, inf))
    return (np.full_like(w, like(w, initial_accumulator_value)),)


def update(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 1e-2, lr_decay: float = 0.0,
    weight_decay: float = 0.0, eps: float = 1e-10,
) -> tuple[np.ndarray, Slots]:  # fmt: skip
    require("adagrad", lr=(lr, 0, inf), lr_decay=(lr_decay, 0, inf))
    require("adagrad", weight_decay=(weight_decay, 0, inf), eps=(eps, 0, inf))
    g = decayed(w, g, weight_decay)
    total = slots[0] + g * g
    return w - like(w, lr / (1 + (t - 1) * lr_decay)) * (g / (np.sqrt(total) + like(w, eps))), (total,)
