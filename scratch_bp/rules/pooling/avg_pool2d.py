"""Mean over windows of height and width: y[o, p] = sum_{k, l} x[o s + k - padding, p s' + l - padding'] / n[o, p].

Options are those of `avg_pool1d`, a number for each axis, or one for both; divisor_override takes the place of n.
"""

from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.pooling import means
from scratch_bp.rules.shapes import Image, PooledImage


def forward(
    x: Image,
    *,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> tuple[PooledImage, means.Saved]:
    options = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return means.forward("avg_pool2d", x, *options)


def backward(saved: means.Saved, dy: PooledImage) -> tuple[Image]:
    return (means.backward(saved, dy),)
