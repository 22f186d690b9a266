"""Convolution (without a flip of the kernel) over two axes of each channel:

    y[b, f, o, p] = bias[f] + sum_{c, k, l} weight[f, c, k, l] x[b, c, o s + k d - padding, p s' + l d' - padding'],

with a stride s, dilation d and padding of its own for each axis, or one number for all. Options and gradients are those
of `conv1d`.
"""

from scratch_bp.rules.convolution import convolve
from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.shapes import Filters, Image, ImageOut, Kernel2d


def forward(
    x: Image,
    weight: Kernel2d,
    bias: Filters | None = None,
    *,
    stride: Number = 1,
    padding: Number | str = 0,
    dilation: Number = 1,
    groups: int = 1,
) -> tuple[ImageOut, convolve.Saved]:
    return convolve.forward("conv2d", x, weight, bias, stride, padding, dilation, groups)


def backward(saved: convolve.Saved, dy: ImageOut) -> convolve.Gradients:
    return convolve.backward(saved, dy)
