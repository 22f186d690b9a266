"""Convolution (without a flip of the kernel) over three axes of each channel:

    y[b, f, o, p, q] = bias[f] + sum_{c, k, l, m} weight[f, c, k, l, m] x[b, c, o s + k d - padding, p .., q ..],

with a stride s, dilation d and padding of its own for each axis, or one number for all. Options and gradients are those
of `conv1d`.
"""

from scratch_bp.rules.convolution import convolve
from scratch_bp.rules.convolution.windows import Number
from scratch_bp.rules.shapes import Filters, Kernel3d, Volume, VolumeOut


def forward(
    x: Volume,
    weight: Kernel3d,
    bias: Filters | None = None,
    *,
    stride: Number = 1,
    padding: Number | str = 0,
    dilation: Number = 1,
    groups: int = 1,
) -> tuple[VolumeOut, convolve.Saved]:
    return convolve.forward("conv3d", x, weight, bias, stride, padding, dilation, groups)


def backward(saved: convolve.Saved, dy: VolumeOut) -> convolve.Gradients:
    return convolve.backward(saved, dy)
