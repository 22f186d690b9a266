"""Hard shrinkage: y = x where |x| > lambd, else 0. Slope 1 and 0; where |x| = lambd the function jumps.

With lambd = 0 it is the identity, and has the slope 1 at x = 0 as well (PyTorch takes 0 there).
"""

import numpy as np

from scratch_bp.elementary import like, zero_unless
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor, *, lambd: float = 0.5) -> tuple[Tensor, Tensor]:
    outside = beyond(x, lambd)
    return zero_unless(outside, x), outside


def backward(outside: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (zero_unless(outside, dy),)


def beyond(x: Tensor, lambd: float) -> Tensor:
    """Where |x| > lambd; everywhere when nothing is shrunk."""
    return abs(x) > like(x, lambd) if lambd > 0 else np.full(x.shape, True)
