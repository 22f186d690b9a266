"""Power mean without the mean over windows of height and width (no padding), p = norm_type:

    y = (sum_{k, l} x[o s + k, p s' + l]^p)^(1/p),  dx adds dy (x / y)^(p - 1) for each window that x is in.

The powers are of x itself and not of |x|, as in PyTorch, so an odd p suits numbers above 0 only. A last window that
reaches over the end, in ceil_mode, counts as the mean of its powers times the size of a whole window. At its kink, a
window of zeros, the slope is taken as 0 for p > 1.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.convolution.windows import Number, spread
from scratch_bp.rules.pooling import means
from scratch_bp.rules.shapes import Image, PooledImage


class Saved(NamedTuple):
    x: Image
    power: float | int
    size: int
    total: PooledImage
    y: PooledImage
    mean: means.Saved


def forward(
    x: Image, *, norm_type: float | int, kernel_size: Number, stride: Number | None = None, ceil_mode: bool = False
) -> tuple[PooledImage, Saved]:
    if not 0 < norm_type < np.inf:
        raise ValueError(f"lp_pool2d: norm_type is above 0 and finite; got {norm_type}")
    power = int(norm_type) if norm_type == int(norm_type) else norm_type
    height, width = spread("lp_pool2d", "kernel_size", kernel_size, 2, 1)
    mean, saved = means.forward("lp_pool2d", x**power, kernel_size, stride, 0, ceil_mode, True)
    total = mean * (height * width)
    y = _root(total, power)
    return y, Saved(x, power, height * width, total, y, saved)


def backward(saved: Saved, dy: PooledImage) -> tuple[Image]:
    x, power, size, total, y, mean = saved
    if power == 1:
        return (means.backward(mean, dy * size),)
    # dy / d total = y / (p total); where the total is 0 so is y, and any other divisor gives the slope 0
    dtotal = dy * (y / np.where(total == 0, like(total, 1), total))
    return (means.backward(mean, dtotal * size) * x ** (power - 1),)


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
