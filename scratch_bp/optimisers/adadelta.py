"""Adadelta (Zeiler, 2012): steps in the units of w.

A step is sqrt(moving average of past steps^2 + eps) / sqrt(moving average of g^2 + eps) times g.
"""

from math import inf

import numpy as np

from scratch_bp.elementary import like, zeros_like
from scratch_bp.optimisers.optimiser import Slots, decayed, mixed, require


def start(w: np.ndarray) -> Slots:
    return (zeros_like(w), zeros_like(w))


def update(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6,
    weight_decay: float = 0.0,
) -> tuple[np.ndarray, Slots]:  # fmt: skip
    require("adadelta", lr=(lr, 0, inf), eps=(eps, 0, inf), weight_decay=(weight_decay, 0, inf))
    require("adadelta", rho=(rho, 0, 1))
    square, steps = slots
    g = decayed(w, g, weight_decay)
    square = mixed(square, g * g, rho)
    step = np.sqrt(steps + like(w, eps)) / np.sqrt(square + like(w, eps)) * g
    return w - like(w, lr) * step, (square, mixed(steps, step * step, rho))
