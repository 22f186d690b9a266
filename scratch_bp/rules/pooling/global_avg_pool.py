"""Mean of each channel over all axes behind it, which stay with size 1: y[b, c, 1, ...] = mean x[b, c, ...].

Each of a channel's n entries takes dy / n.
"""

from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.pooling.adaptive_avg_pool1d import Saved
from scratch_bp.rules.shapes import Maps, Reduced


def forward(x: Maps) -> tuple[Reduced, Saved]:
    return adaptive.means(x, (1,) * (x.ndim - 2)), Saved(x.shape)


def backward(saved: Saved, dy: Reduced) -> tuple[Maps]:
    return (adaptive.give_means(dy, saved.shape),)
