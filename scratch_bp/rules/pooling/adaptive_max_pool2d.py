"""Maximum over output_size windows of height and width, which cover them whatever they are (see `adaptive`).

output_size is one number for each axis, or one for both. Each dy goes to the first largest entry of its window, row by
row.
"""

from scratch_bp.rules.convolution.windows import Number, spread
from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.shapes import Image, PooledImage


def forward(x: Image, *, output_size: Number) -> tuple[PooledImage, Image]:
    return adaptive.largest(x, spread("adaptive_max_pool2d", "output_size", output_size, 2, 1)), x


def backward(x: Image, dy: PooledImage) -> tuple[Image]:
    return (adaptive.give_largest(x, dy),)
