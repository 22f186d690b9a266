"""Mean over output_size windows of height and width, which cover them whatever they are (see `adaptive`).

output_size is one number for each axis, or one for both. The mean of a window is that of its rows' means, and its n
entries take dy / n each.
"""

from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.pooling import adaptive
from scratch_bp.rules.pooling.adaptive_avg_pool1d import Saved
from scratch_bp.rules.shapes import Image, PooledImage


def forward(x: Image, *, output_size: Number) -> tuple[PooledImage, Saved]:
    sizes = adaptive.sizes_of("adaptive_avg_pool2d", output_size, 2)
    return adaptive.means(x, sizes), Saved(x.shape[2:], sizes)


def backward(saved: Saved, dy: PooledImage) -> tuple[Image]:
    return (adaptive.give_means(dy, saved.lengths, saved.sizes),)
