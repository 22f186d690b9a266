"""Maximum over windows of the last axis: y_o = max_j x[o stride + j - padding], 0 <= j < kernel_size.

stride is kernel_size when not given; positions outside x count as -infinity. Each dy_o goes to the first largest entry
of its window, as in `max`, and an entry that wins several windows takes the sum: dx_p = sum_j dy_o [j wins window o]
over the windows o = (p + padding - j) / stride. Windows with gaps (dilation) and a last partial one (ceil_mode) are
not offered.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.extremes import first_largest
from scratch_bp.rules.shapes import Pooled, Signal


class Saved(NamedTuple):
    windows: np.ndarray
    length: int
    stride: int
    padding: int


def forward(x: Signal, *, kernel_size: int, stride: int | None = None, padding: int = 0) -> tuple[Pooled, Saved]:
    stride, length = kernel_size if stride is None else stride, x.shape[2]
    if not 0 <= padding <= kernel_size // 2 or stride < 1 or length + 2 * padding < kernel_size:
        raise ValueError(
            "max_pool1d: stride is at least 1, padding at most half the window, and the window at most the padded "
            f"length; got {kernel_size=}, {stride=}, {padding=} on a length of {length}"
        )
    count = (length + 2 * padding - kernel_size) // stride + 1
    positions = np.arange(count)[:, None] * stride + np.arange(kernel_size) - padding
    inside = (positions >= 0) & (positions < length)
    windows = np.where(inside, x[:, :, positions.clip(0, length - 1)], like(x, -np.inf))
    return windows.max(axis=-1), Saved(windows, length, stride, padding)


def backward(saved: Saved, dy: Pooled) -> tuple[Signal]:
    windows, length, stride, padding = saved
    shares = dy[..., None] * first_largest(windows, -1)
    count, kernel_size = shares.shape[2:]
    parts = []
    for offset in range(kernel_size):  # which window has this position at that offset, if any
        window, rest = np.divmod(np.arange(length) + padding - offset, stride)
        hit = (rest == 0) & (window >= 0) & (window < count)
        parts.append(np.where(hit, shares[:, :, window.clip(0, count - 1), offset], like(dy, 0)))
    return (sum(parts[1:], parts[0]),)
