"""Columns put back where they came from and summed (col2im):

    y[b, c, o s + k d - padding, p s' + l d' - padding'] += x[b, (c, k, l), (o, p)].

It is the adjoint of `unfold` and has its options; output_size is the height and width of y. Entries that would lie
outside y are dropped. So dx is what `unfold` copies out of dy.
"""

from math import prod
from typing import NamedTuple

from scratch_bp.rules.convolution import columns
from scratch_bp.rules.convolution.windows import Number, WindowAxis, spread, windows_of
from scratch_bp.rules.shapes import Columns, Image


class Saved(NamedTuple):
    axes: tuple[WindowAxis, ...]


def forward(
    x: Columns,
    *,
    output_size: Number,
    kernel_size: Number,
    dilation: Number = 1,
    padding: Number = 0,
    stride: Number = 1,
) -> tuple[Image, Saved]:
    axes = windows_of("fold", spread("fold", "output_size", output_size, 2, 1), kernel_size, stride, padding, dilation)
    offsets, windows = prod(axis.kernel for axis in axes), prod(axis.number for axis in axes)
    if x.shape[1] % offsets or x.shape[2] != windows:
        raise ValueError(
            f"fold: x is [batch, channels times {offsets} of the kernel, {windows} windows] with {output_size=}, "
            f"{kernel_size=}, {dilation=}, {padding=} and {stride=}; got {x.shape}"
        )
    return columns.fold(x.reshape(len(x), -1, offsets, windows), axes), Saved(axes)


def backward(saved: Saved, dy: Image) -> tuple[Columns]:
    dx = columns.unfold(dy, saved.axes)
    return (dx.reshape(len(dy), -1, dx.shape[3]),)
