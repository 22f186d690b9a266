"""RMSprop (Hinton, 2012): the step divided by the root of a moving average of g^2, or centred, of its variance.

v_t = alpha v_{t-1} + (1 - alpha) g^2, centred minus the square of the same average of g. w goes down
g / (sqrt v + eps), or with momentum down b_t = momentum b_{t-1} + g / (sqrt v + eps).
"""

from math import inf

import numpy as np

from scratch_bp.elementary import like, zeros_like
from scratch_bp.optimisers.optimiser import Slots, decayed, mixed, require


def start(w: np.ndarray) -> Slots:
    return (zeros_like(w), zeros_like(w), zeros_like(w))


def update(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
    weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False,
) -> tuple[np.ndarray, Slots]:  # fmt: skip
    require("rmsprop", lr=(lr, 0, inf), alpha=(alpha, 0, 1), eps=(eps, 0, inf))
    require("rmsprop", weight_decay=(weight_decay, 0, inf), momentum=(momentum, 0, inf))
    square, mean, b = slots
    g = decayed(w, g, weight_decay)
    square = mixed(square, g * g, alpha)
    mean = mixed(mean, g, alpha) if centered else mean
    scaled = g / (np.sqrt(square - mean * mean if centered else square) + like(w, eps))
    b = like(w, momentum) * b + scaled if momentum else b
    return w - like(w, lr) * (b if momentum else scaled), (square, mean, b)
