"""Mean over output_size windows of the last axis, which cover it however long it is (see `adaptive`).

Every entry of window o, of n_o entries, takes dy_o / n_o, and one in two windows the sum.
"""

from typing import NamedTuple

from scratch_bp.rules.convolution.windows import Number, Sizes
from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.shapes import Pooled, Signal


class Saved(NamedTuple):
    lengths: Sizes
    sizes: Sizes


def forward(x: Signal, *, output_size: Number) -> tuple[Pooled, Saved]:
    sizes = adaptive.sizes_of("adaptive_avg_pool1d", output_size, 1)
    return adaptive.means(x, sizes), Saved(x.shape[2:], sizes)


def backward(saved: Saved, dy: Pooled) -> tuple[Signal]:
    return (adaptive.give_means(dy, saved.lengths, saved.sizes),)
