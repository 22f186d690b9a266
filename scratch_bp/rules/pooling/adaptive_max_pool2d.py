"""Maximum over output_size windows of height and width, which cover them whatever they are (see `adaptive`).

output_size is one number for each axis, or one for both. Each dy goes to the first largest entry of its window, row by
row.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.convolution.windows import Number, Sizes
from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.shapes import Image, PooledImage


class Saved(NamedTuple):
    """`values` has x and the maxima after each axis."""

    values: tuple[np.ndarray, ...]
    sizes: Sizes


def forward(x: Image, *, output_size: Number) -> tuple[PooledImage, Saved]:
    sizes = adaptive.sizes_of("adaptive_max_pool2d", output_size, 2)
    values = adaptive.largest(x, sizes)
    return values[-1], Saved(values, sizes)


def backward(saved: Saved, dy: PooledImage) -> tuple[Image]:
    return (adaptive.give_largest(saved.values, dy, saved.sizes),)
