"""The normal distribution: Phi(x) = erfc(-x / sqrt 2) / 2 and its density phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""

import numpy as np
from scipy.special import ndtr

from scratch_bp.elementary import erfc, pi, rounded, sqrt_of, widened


def normal(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Phi(x) and phi(x), elementwise, in the numbers of `x`."""
    wide = widened(np.asanyarray(x))  # SciPy has none of half precision
    density = np.exp(wide * wide / -2) / (sqrt_of(wide, 2) * np.sqrt(pi(wide)))
    # not as (1 + erf) / 2, which cancels in the tail
    cdf = erfc(-wide / sqrt_of(wide, 2)) / 2 if wide.dtype == object else ndtr(wide)
    return rounded(cdf, x.dtype), rounded(density, x.dtype)
