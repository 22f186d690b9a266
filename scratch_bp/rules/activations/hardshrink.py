"""Hard shrinkage: y = x where |x| > lambd, else 0. Slope 1 and 0; where |x| = lambd the function jumps.

With lambd = 0 it is the identity, and has the slope 1 at x = 0 as well (PyTorch takes 0 there).
"""

import numpy as np

from scratch_bp.elementary import like, zero_unless
from scratch_bp.rules.shapes import Any


def forward(x: Any, *, lambd: float = 0.5) -> tuple[Any, Any]:
    outside = beyond(x, lambd)
    return zero_unless(outside, x), outside


def backward(outside: Any, dy: Any) -> tuple[Any]:
    return (zero_unless(outside, dy),)


def beyond(x: Any, lambd: float) -> Any:
    """Where |x| > lambd; everywhere when nothing is shrunk."""
    return abs(x) > like(x, lambd) if lambd > 0 else np.full(x.shape, True)
