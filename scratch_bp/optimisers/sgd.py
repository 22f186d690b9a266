"""Gradient descent, with momentum (Polyak, 1964) or Nesterov's (Sutskever, Martens, Dahl and Hinton, 2013).

b_1 = g_1, b_t = momentum b_{t-1} + (1 - dampening) g_t, and w goes down b_t, or with Nesterov g_t + momentum b_t.
"""

from math import inf
from typing import Any

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.optimisers.optimiser import Slots, decayed, require


def start(w: np.ndarray) -> Slots:
    return ()


def update(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 1e-3, momentum: float = 0.0,
    dampening: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False,
) -> tuple[np.ndarray, Any]:  # fmt: skip
    require("sgd", lr=(lr, 0, inf), momentum=(momentum, 0, inf), weight_decay=(weight_decay, 0, inf))
    if nesterov and (not momentum or dampening):
        raise ValueError(f"sgd: nesterov needs momentum above 0 and no dampening, got {momentum=}, {dampening=}")
    g = decayed(w, g, weight_decay)
    if not momentum:
        return w - like(w, lr) * g, ()
    b = like(w, momentum) * slots[0] + like(w, 1 - dampening) * g if slots else g.copy()
    return w - like(w, lr) * (g + like(w, momentum) * b if nesterov else b), (b,)
