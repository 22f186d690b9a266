"""Parametric rectifier (He, Zhang, Ren and Sun, 2015): y = x where x > 0 and weight * x elsewhere.

The slope is learned, one for all or one for each channel (axis 1). At the kink x = 0 it is the slope on the left that
holds. d weight = sum of dy x over the x <= 0 that it multiplied.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, sum_to, zero_unless
from scratch_bp.rules.shapes import Slopes, Tensor


class Saved(NamedTuple):
    x: Tensor
    weight: Slopes
    slope: Tensor


def forward(x: Tensor, weight: Slopes) -> tuple[Tensor, Saved]:
    if weight.size != 1 and (x.ndim < 2 or weight.size != x.shape[1]):
        raise ValueError(f"prelu: weight has 1 entry, or one for each channel of x {x.shape}, got {weight.size}")
    slope = np.where(x > 0, like(x, 1), _along_channels(weight, x))
    return slope * x, Saved(x, weight, slope)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor, Slopes]:
    x, weight, slope = saved
    dweight = sum_to(zero_unless(x <= 0, dy * x), _along_channels(weight, x).shape)
    return slope * dy, np.reshape(dweight, weight.shape)


def _along_channels(weight: Slopes, x: Tensor) -> np.ndarray:
    return weight.reshape((1,) * (x.ndim > 0) if x.ndim < 2 else (-1,) + (1,) * (x.ndim - 2))
