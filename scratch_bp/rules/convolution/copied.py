"""A convolution as one product with the columns of x (im2col), the way for small arrays and for exact numbers.

With X = unfold(x), columns of all channels of a group: y = W X, dX = W^T dy, dx = fold(dX), dW = dy X^T. The functions
are those of `shifted`.
"""

import numpy as np

from scratch_bp.rules.convolution import columns
from scratch_bp.rules.convolution.windows import Axis, Sizes

Axes = tuple[Axis, ...]


def lay(x: np.ndarray, axes: Axes, groups: int) -> np.ndarray:
    """The columns of x [batch, channels, *lengths] as [batch, group, channels of the group and offsets, windows]."""
    copied = columns.unfold(x, axes)
    return copied.reshape(len(x), groups, -1, copied.shape[-1])


def widen(y: np.ndarray, axes: Axes, groups: int) -> np.ndarray:
    """y [batch, filters, *counts] as [batch, group, filters of the group, windows]."""
    batch, filters = y.shape[:2]
    return y.reshape(batch, groups, filters // groups, -1)


def split(weight: np.ndarray, groups: int) -> np.ndarray:
    """The weight [filters, channels of the group, *kernel] as [group, filters of the group, channels and offsets]."""
    return weight.reshape(groups, len(weight) // groups, -1)


def gather(w: np.ndarray, laid: np.ndarray, axes: Axes) -> np.ndarray:
    y = w @ laid
    return y.reshape(len(y), -1, *(axis.number for axis in axes))


def scatter(w: np.ndarray, wide: np.ndarray, axes: Axes, shape: Sizes) -> np.ndarray:
    dX = w.swapaxes(-1, -2) @ wide
    return columns.fold(dX.reshape(*shape[:2], -1, dX.shape[-1]), axes)


def weigh(wide: np.ndarray, laid: np.ndarray, axes: Axes, shape: Sizes) -> np.ndarray:
    return (wide @ laid.swapaxes(-1, -2)).sum(axis=0).reshape(shape)
