"""Adam (Kingma and Ba, 2015), and with decoupled weight decay AdamW (Loshchilov and Hutter, 2019).

m and v are moving averages of g and g^2; divided by 1 - beta^t they are unbiased, and w goes down m / (sqrt v + eps).
AMSGrad (Reddi, Kale and Kumar, 2018) divides by the largest v so far.
"""

from math import inf
from typing import Any

import numpy as np

from scratch_bp.elementary import like, zeros_like
from scratch_bp.optimisers.optimiser import Slots, decayed, mixed, number, power, require

BETAS = (0.9, 0.999)


def start(w: np.ndarray) -> Slots:
    return (zeros_like(w), zeros_like(w), zeros_like(w))


def update(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 1e-3, betas: tuple[float, float] = BETAS,
    eps: float = 1e-8, weight_decay: float = 0.0, amsgrad: bool = False,
) -> tuple[np.ndarray, Slots]:  # fmt: skip
    require_moments("adam", lr, betas, eps, weight_decay)
    return _down(w, decayed(w, g, weight_decay), slots, t, lr, betas, eps, amsgrad)


def update_decoupled(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 1e-3, betas: tuple[float, float] = BETAS,
    eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False,
) -> tuple[np.ndarray, Slots]:  # fmt: skip
    """AdamW: the weights decay by themselves, and not through the gradient."""
    require_moments("adamw", lr, betas, eps, weight_decay)
    return _down(w * like(w, 1 - lr * weight_decay), g, slots, t, lr, betas, eps, amsgrad)


def require_moments(name: str, lr: float, betas: tuple[float, float], eps: float, weight_decay: float) -> None:
    require(name, lr=(lr, 0, inf), eps=(eps, 0, inf), weight_decay=(weight_decay, 0, inf))
    require(name, **{"betas[0]": (betas[0], 0, 1), "betas[1]": (betas[1], 0, 1)})


def unbiased(w: np.ndarray, beta: float, t: int) -> Any:
    """1 - beta^t, the part of an average that its start at zero has left."""
    return 1 - power(w, beta, t)


def _down(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, lr: float, betas: tuple[float, float], eps: float, amsgrad: bool
) -> tuple[np.ndarray, Slots]:
    m, v, most = slots
    m, v = mixed(m, g, betas[0]), mixed(v, g * g, betas[1])
    most = np.maximum(most, v) if amsgrad else most
    root = np.sqrt(most if amsgrad else v) / number(w, unbiased(w, betas[1], t) ** 0.5)
    return w - number(w, lr / unbiased(w, betas[0], t)) * (m / (root + like(w, eps))), (m, v, most)
