"""Windows of an image, each as a column (im2col):

    y[b, (c, k, l), (o, p)] = x[b, c, o s + k d - padding, p s' + l d' - padding'].

The channel and the offset in the kernel make one axis of y, the windows, row by row, the other; entries outside x are
0. dx sums, for each position, the dy of all columns that it was copied to: that is `fold`.
"""

from typing import NamedTuple

from scratch_bp.rules.convolution import columns
from scratch_bp.rules.convolution.windows import Number, WindowAxis, windows_of
from scratch_bp.rules.shapes import Columns, Image


class Saved(NamedTuple):
    axes: tuple[WindowAxis, ...]
    channels: int


def forward(
    x: Image, *, kernel_size: Number, dilation: Number = 1, padding: Number = 0, stride: Number = 1
) -> tuple[Columns, Saved]:
    axes = windows_of("unfold", x.shape[2:], kernel_size, stride, padding, dilation)
    y = columns.unfold(x, axes)
    return y.reshape(len(x), -1, y.shape[3]), Saved(axes, x.shape[1])


def backward(saved: Saved, dy: Columns) -> tuple[Image]:
    batch, _, windows = dy.shape
    return (columns.fold(dy.reshape(batch, saved.channels, -1, windows), saved.axes),)
