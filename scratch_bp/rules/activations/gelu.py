"""Gaussian error linear unit (Hendrycks and Gimpel, 2016): y = x Phi(x), Phi(x) = (1 + erf(x / sqrt 2)) / 2.

dy/dx = Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import erf, pi, sqrt_of
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    cdf: Any


def forward(x: Any) -> tuple[Any, Saved]:
    cdf = (1 + erf(x / sqrt_of(x, 2))) / 2
    return x * cdf, Saved(x, cdf)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    x, cdf = saved
    density = np.exp(-x * x / 2) / (sqrt_of(x, 2) * np.sqrt(pi(x)))
    return (dy * (cdf + x * density),)
