"""Power mean without the mean over windows of height and width (no padding), p = norm_type:

    y = (sum_{k, l} x[o s + k, p s' + l]^p)^(1/p),  dx adds dy (x / y)^(p - 1) for each window that x is in.

The powers are of x itself and not of |x|, as in PyTorch, so an odd p suits numbers above 0 only. A last window that
reaches over the end, in ceil_mode, counts as the mean of its powers times the size of a whole window: the sum over the
share of it that is there. At its kink, a window of zeros, the slope is taken as 0 for p > 1.

With X the windows of x as columns (see `convolution.columns`), 0 outside x, each column's y is
(sum X^p / share)^(1/p).
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened
from scratch_bp.rules.convolution.columns import fold, unfold
from scratch_bp.rules.convolution.windows import Number, WindowAxis, spread, windows_of
from scratch_bp.rules.pooling.means import counts
from scratch_bp.rules.shapes import Image, PooledImage
from scratch_bp.scale import scaled


class Saved(NamedTuple):
    """The columns and their y, both divided by one scale for each column, and y^p; the share of each window."""

    u: np.ndarray
    root: np.ndarray
    total: np.ndarray
    share: np.ndarray
    power: float | int
    axes: tuple[WindowAxis, ...]


def forward(
    x: Image, *, norm_type: float | int, kernel_size: Number, stride: Number | None = None, ceil_mode: bool = False
) -> tuple[PooledImage, Saved]:
    if not 0 < norm_type < np.inf:
        raise ValueError(f"lp_pool2d: norm_type is above 0 and finite; got {norm_type}")
    power = int(norm_type) if norm_type == int(norm_type) else norm_type
    height, width = spread("lp_pool2d", "kernel_size", kernel_size, 2, 1)
    steps = kernel_size if stride is None else stride
    axes = windows_of("lp_pool2d", x.shape[2:], kernel_size, steps, 0, 1, ceil_mode)
    u, scale = scaled(unfold(widened(x), axes), (2,), max(power, 1))
    share = np.reshape(counts(axes, True), -1).astype(u.dtype) / (height * width)
    total = (u**power).sum(2, keepdims=True) / share
    root = _root(total, power)
    y = (root * scale).reshape(*x.shape[:2], *(axis.number for axis in axes))
    return y.astype(x.dtype, copy=False), Saved(u, root, total, share, power, axes)


def backward(saved: Saved, dy: PooledImage) -> tuple[Image]:
    u, root, total, share, power, axes = saved
    # y / total is y^(1 - p); where the total is 0 so is y, and any other divisor gives the slope 0
    each = 1 if power == 1 else root / np.where(total == 0, like(total, 1), total) * u ** (power - 1)
    columns = np.broadcast_to(dy.reshape(*dy.shape[:2], 1, -1) / share * each, u.shape)
    return (fold(columns, axes).astype(dy.dtype, copy=False),)


def _root(total: np.ndarray, power: float | int) -> np.ndarray:
    if power == 1:
        return total
    root: np.ndarray
    if power == 2:
        root = np.sqrt(total)
    elif total.dtype != object:
        root = total ** like(total, 1 / power)
    else:  # exact numbers have no root of any order: through the logarithm, which 0 has none of
        root = np.where(total == 0, total, np.exp(np.log(np.where(total == 0, like(total, 1), total)) / power))
    return root
