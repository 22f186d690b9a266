"""Lion (Chen et al., 2023): only the sign of a mixture of the momentum and the gradient decides.

w goes down sign(beta1 m + (1 - beta1) g) + weight_decay w; then m = beta2 m + (1 - beta2) g.
"""

import numpy as np

from scratch_bp.elementary import like, sign, zeros_like
from scratch_bp.optimisers.adam import require_moments
from scratch_bp.optimisers.optimiser import Slots, mixed


def start(w: np.ndarray) -> Slots:
    return (zeros_like(w),)


def update(
    w: np.ndarray, g: np.ndarray, slots: Slots, t: int, *, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.0,
) -> tuple[np.ndarray, Slots]:  # fmt: skip
    require_moments("lion", lr, betas, 0.0, weight_decay)
    towards = sign(mixed(slots[0], g, betas[0]))
    return w - like(w, lr) * (towards + like(w, weight_decay) * w), (mixed(slots[0], g, betas[1]),)
