"""Mean over windows along any number of axes: what avg_pool1d and avg_pool2d are, and lp_pool2d but for the powers."""

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import zeros_of
from scratch_bp.rules.convolution.windows import Number, WindowAxis, meetings, windows_of


class Saved(NamedTuple):
    axes: tuple[WindowAxis, ...]
    divisor: np.ndarray


def forward(
    rule: str,
    x: np.ndarray,
    kernel_size: Number,
    stride: Number | None,
    padding: Number,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None = None,
) -> tuple[np.ndarray, Saved]:
    steps = kernel_size if stride is None else stride
    axes = windows_of(rule, x.shape[2:], kernel_size, steps, padding, 1, ceil_mode)
    if any(2 * axis.padding > axis.kernel for axis in axes):
        raise ValueError(f"{rule}: padding is at most half a window; got {padding=} and {kernel_size=}")
    if divisor_override == 0:
        raise ValueError(f"{rule}: divisor_override is not 0; got {divisor_override}")
    counted = counts(axes, count_include_pad) if divisor_override is None else np.array(divisor_override)
    divisor = counted.astype(x.dtype)
    y = zeros_of(x, (*x.shape[:2], *(axis.number for axis in axes)))
    for windows, positions in meetings(axes):
        y[windows] += x[positions]
    return y / divisor, Saved(axes, divisor)


def backward(saved: Saved, dy: np.ndarray) -> np.ndarray:
    axes, divisor = saved
    each = dy / divisor
    dx = zeros_of(dy, (*dy.shape[:2], *(axis.length for axis in axes)))
    for windows, positions in meetings(axes):
        dx[positions] += each[windows]
    return dx


@lru_cache(maxsize=1024)
def counts(axes: tuple[WindowAxis, ...], padded: bool) -> np.ndarray:
    """How many positions each window has inside x, or inside x and its padding; one number when all are the same.

    With ceil_mode the last window may reach beyond the padding: that part is never counted.
    """
    counts = np.ones((), int)
    for axis in axes:
        start = np.arange(axis.number) * axis.stride - axis.padding
        border = axis.padding if padded else 0
        inside = np.minimum(start + axis.kernel, axis.length + border) - np.maximum(start, -border)
        counts = counts[..., None] * inside
    most = prod(axis.kernel for axis in axes)
    return np.array(most) if (counts == most).all() else counts
