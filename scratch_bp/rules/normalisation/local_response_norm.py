"""Local response norm (Krizhevsky, Sutskever and Hinton, 2012): y = x s^-beta, each channel by those beside it.

s_c = k + alpha / size sum_j x_j^2 over the `size` channels j from c - size // 2 to c + (size - 1) // 2 that exist. A
channel is in the windows of the channels that are as far on its other side, so with f = s^-beta

dx_c = f_c dy_c - 2 alpha beta / size x_c sum_i dy_i x_i f_i / s_i over the i whose window has c.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened
from scratch_bp.rules.shapes import Channels


class Saved(NamedTuple):
    x: Channels
    s: Channels
    factor: Channels
    size: int
    alpha: float
    beta: float


def forward(
    x: Channels, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Channels, Saved]:
    if size < 1:
        raise ValueError(f"local_response_norm: a window has at least one channel, got {size=}")
    wide = widened(x)
    s = like(wide, k) + like(wide, alpha) / size * _window_sums(wide * wide, size // 2, (size - 1) // 2)
    factor = np.power(s, -beta)
    return (wide * factor).astype(x.dtype, copy=False), Saved(wide, s, factor, size, alpha, beta)


def backward(saved: Saved, dy: Channels) -> tuple[Channels]:
    x, s, factor, size, alpha, beta = saved
    direct = dy * factor
    through = _window_sums(direct * x / s, (size - 1) // 2, size // 2)
    dx = direct - 2 * (like(x, alpha) / size) * like(x, beta) * x * through
    return (dx.astype(dy.dtype, copy=False),)


def _window_sums(a: np.ndarray, before: int, after: int) -> np.ndarray:
    """For each channel the sum from that many before it to that many after it."""
    total = a.copy()
    for shift in range(1, before + 1):
        total[:, shift:] += a[:, :-shift]
    for shift in range(1, after + 1):
        total[:, :-shift] += a[:, shift:]
    return total
