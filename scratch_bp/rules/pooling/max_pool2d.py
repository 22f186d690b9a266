"""Maximum over windows of height and width: y[o, p] = max_{k, l} x[o s + k d - padding, p s' + l d' - padding'].

Options and ties are those of `max_pool1d`: a number for each axis, or one for both, and each dy[o, p] goes to the entry
of its window that is the first largest, row by row.
"""

from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.pooling import maxima
from scratch_bp.rules.shapes import Image, PooledImage


def forward(
    x: Image,
    *,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    dilation: Number = 1,
    ceil_mode: bool = False,
) -> tuple[PooledImage, maxima.Saved]:
    return maxima.forward("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)


def backward(saved: maxima.Saved, dy: PooledImage) -> tuple[Image]:
    return (maxima.backward(saved, dy),)
