"""Maximum over windows along any number of axes: what max_pool1d and max_pool2d are."""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.convolution.windows import Axis, Number, windows_of
from scratch_bp.rules.pooling import along


class Saved(NamedTuple):
    """`values` has x and the maxima after each axis."""

    values: tuple[np.ndarray, ...]
    axes: tuple[Axis, ...]


def forward(
    rule: str,
    x: np.ndarray,
    kernel_size: Number,
    stride: Number | None,
    padding: Number,
    dilation: Number,
    ceil_mode: bool,
) -> tuple[np.ndarray, Saved]:
    steps = kernel_size if stride is None else stride
    axes = windows_of(rule, x.shape[2:], kernel_size, steps, padding, dilation, ceil_mode)
    if any(2 * axis.padding > (axis.kernel - 1) * axis.dilation + 1 for axis in axes):
        raise ValueError(f"{rule}: padding is at most half a window; got {padding=}, {kernel_size=} and {dilation=}")
    values = along.largest(x, axes)
    return values[-1], Saved(values, axes)


def backward(saved: Saved, dy: np.ndarray) -> np.ndarray:
    return along.give_largest(saved.values, dy, saved.axes)
