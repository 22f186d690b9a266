"""Mean over output_size windows of the last axis, which cover it however long it is (see `adaptive`).

Every entry of window o, of n_o entries, takes dy_o / n_o, and one in two windows the sum.
"""

from typing import NamedTuple

from scratch_bp.rules.convolution.windows import Number, Sizes, spread
from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.shapes import Pooled, Signal


class Saved(NamedTuple):
    shape: Sizes


def forward(x: Signal, *, output_size: Number) -> tuple[Pooled, Saved]:
    return adaptive.means(x, spread("adaptive_avg_pool1d", "output_size", output_size, 1, 1)), Saved(x.shape)


def backward(saved: Saved, dy: Pooled) -> tuple[Signal]:
    return (adaptive.give_means(dy, saved.shape),)
