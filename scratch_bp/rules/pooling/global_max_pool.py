"""Maximum of each channel over all axes behind it, which stay with size 1: y[b, c, 1, ...] = max x[b, c, ...].

All of dy goes to one entry, the first largest one where there are ties, row by row.
"""

from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.shapes import Maps, Reduced


def forward(x: Maps) -> tuple[Reduced, Maps]:
    return adaptive.largest(x, (1,) * (x.ndim - 2)), x


def backward(x: Maps, dy: Reduced) -> tuple[Maps]:
    return (adaptive.give_largest(x, dy),)
