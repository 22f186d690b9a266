"""Maximum over output_size windows of height and width, which cover them whatever they are (see `adaptive`).

output_size is one number for each axis, or one for both. Each dy goes to the first largest entry of its window, row by
row.
"""

from typing import NamedTuple

from scratch_bp.rules.convolution.windows import Number, Sizes, spread
from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.shapes import Image, PooledImage


class Saved(NamedTuple):
    kept: tuple[adaptive.Kept, ...]
    shape: Sizes


def forward(x: Image, *, output_size: Number) -> tuple[PooledImage, Saved]:
    y, kept = adaptive.largest(x, spread("adaptive_max_pool2d", "output_size", output_size, 2, 1))
    return y, Saved(kept, x.shape)


def backward(saved: Saved, dy: PooledImage) -> tuple[Image]:
    return (adaptive.give_largest(saved.kept, dy, saved.shape),)
