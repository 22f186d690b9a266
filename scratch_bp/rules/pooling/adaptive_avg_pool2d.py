"""Mean over output_size windows of height and width, which cover them whatever they are (see `adaptive`).

output_size is one number for each axis, or one for both. The mean of a window is that of its rows' means, and its n
entries take dy / n each.
"""

from scratch_bp.rules.convolution.windows import Number, spread
from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.pooling.adaptive_avg_pool1d import Saved
from scratch_bp.rules.shapes import Image, PooledImage


def forward(x: Image, *, output_size: Number) -> tuple[PooledImage, Saved]:
    return adaptive.means(x, spread("adaptive_avg_pool2d", "output_size", output_size, 2, 1)), Saved(x.shape)


def backward(saved: Saved, dy: PooledImage) -> tuple[Image]:
    return (adaptive.give_means(dy, saved.shape),)
