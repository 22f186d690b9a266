"""Gaussian error linear unit (Hendrycks and Gimpel, 2016): y = x Phi(x), Phi the normal distribution function.

    approximate "none"  Phi(x) = erfc(-x / sqrt 2) / 2, Phi'(x) = phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
    approximate "tanh"  Phi(x) = (1 + tanh(u / 2)) / 2 = sigmoid(u), u = 2 sqrt(2 / pi) (x + CUBIC x^3)

dy/dx = Phi(x) + x Phi'(x) in both. Neither is computed as 1 + erf or 1 + tanh, which cancel for x < 0.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import clip, like, logistic_by, pi, sqrt_of
from scratch_bp.normal import normal
from scratch_bp.rules.shapes import Tensor

CUBIC = 0.044715
FAR = 30.0  # from here on the sigmoid is 0 or 1 and has no slope, in any floating-point numbers; x^3 may overflow


class Saved(NamedTuple):
    x: Tensor
    cdf: Tensor
    density: Tensor


def forward(x: Tensor, *, approximate: str = "none") -> tuple[Tensor, Saved]:
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate is "none" or "tanh", got {approximate!r}')
    cdf, density = normal(x) if approximate == "none" else _nearly_normal(x)
    return x * cdf, Saved(x, cdf, density)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor]:
    x, cdf, density = saved
    return (dy * (cdf + x * density),)


def _nearly_normal(x: Tensor) -> tuple[Tensor, Tensor]:
    near = x if x.dtype == object else clip(x, -FAR, FAR)
    rate = like(x, 2) * sqrt_of(x, 2) / np.sqrt(pi(x))
    cubic = like(x, CUBIC) * near * near
    u = rate * near * (1 + cubic)
    z = np.exp(-abs(u))
    slope = z / (1 + z) / (1 + z)  # s (1 - s) of the sigmoid s, in which 1 - s would cancel
    return logistic_by(u >= 0, z), slope * (rate * (1 + 3 * cubic))
