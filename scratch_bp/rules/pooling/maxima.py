"""Maximum over windows along any number of axes: what max_pool1d and max_pool2d are.

With X the windows of x as columns (see `convolution.columns`), -infinity outside x: y is the maximum of each column.
Each dy goes to the first largest entry of its column, and from there back to x.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.convolution.columns import fold, unfold
from scratch_bp.rules.convolution.windows import Number, WindowAxis, windows_of
from scratch_bp.rules.extremes import first_largest


class Saved(NamedTuple):
    X: np.ndarray
    axes: tuple[WindowAxis, ...]


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
    X = unfold(x, axes, outside=-np.inf)
    return X.max(axis=2).reshape(*x.shape[:2], *(axis.number for axis in axes)), Saved(X, axes)


def backward(saved: Saved, dy: np.ndarray) -> np.ndarray:
    X, axes = saved
    return fold(first_largest(X, 2) * dy.reshape(*dy.shape[:2], 1, -1), axes)
