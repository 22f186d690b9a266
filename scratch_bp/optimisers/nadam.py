"""NAdam (Dozat, 2016): Adam with Nesterov's momentum, its momentum mu_t = beta1 (1 - 0.96^(t decay) / 2) warming up.

With P_t = mu_1 ... mu_t, w goes down (1 - mu_t) / (1 - P_t) g + mu_{t+1} / (1 - P_{t+1}) m, over sqrt v + eps. This is
PyTorch's, after the paper's own schedule; optax's nadam has a constant momentum and is another method.
"""

from math import inf
from typing import Any

import numpy as np

from scratch_bp.elementary import like, zeros_like
from scratch_bp.optimisers.adam import BETAS, require_moments, unbiased
from scratch_bp.optimisers.optimiser import Slots, decayed, mixed, number, power, require


def start(w: np.ndarray) -> tuple[Any, ...]:
    return (zeros_like(w), zeros_like(w), 1.0)


def update(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 2e-3, betas: tuple[float, float] = BETAS,
    eps: float = 1e-8, weight_decay: float = 0.0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False,
) -> tuple[np.ndarray, tuple[Any, ...]]:  # fmt: skip
    require_moments("nadam", lr, betas, eps, weight_decay)
    require("nadam", momentum_decay=(momentum_decay, 0, inf))
    m, v, product = slots
    if decoupled_weight_decay:
        w = w * like(w, 1 - lr * weight_decay)
    else:
        g = decayed(w, g, weight_decay)
    now, then = (_momentum(w, betas[0], at, momentum_decay) for at in (t, t + 1))
    product = product * now
    m, v = mixed(m, g, betas[0]), mixed(v, g * g, betas[1])
    root = np.sqrt(v / number(w, unbiased(w, betas[1], t))) + like(w, eps)
    ahead = number(w, lr * (1 - now) / (1 - product)) * g + number(w, lr * then / (1 - product * then)) * m
    return w - ahead / root, (m, v, product)


def _momentum(w: np.ndarray, beta: float, t: int, decay: float) -> Any:
    return beta * (1 - power(w, 0.96, t * decay) / 2)
