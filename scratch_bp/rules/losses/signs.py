"""The sign of a residual, the slope of its absolute value: 0 at the kink."""

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Any


def sign(x: Any) -> Any:
    if x.dtype != object:
        return np.sign(x)
    # NumPy's own asks exact numbers for an order that those around 0 do not have
    zero, one = like(x, 0), like(x, 1)
    return np.where(x > 0, one, zero) - np.where(x < 0, one, zero)
