"""Local response norm (Krizhevsky, Sutskever and Hinton, 2012): y = x s^-beta, each channel by those beside it.

s_c = k + alpha / size sum_j x_j^2 over the `size` channels j from c - size // 2 to c + (size - 1) // 2 that exist. A
channel is in the windows of the channels that are as far on its other side, so with f = s^-beta

dx_c = f_c dy_c - 2 alpha beta / size x_c sum_i dy_i x_i f_i / s_i over the i whose window has c.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, widened, zeros_of
from scratch_bp.rules.shapes import Channels
from scratch_bp.scale import scaled


class Saved(NamedTuple):
    """The windows of x over the scale of each, x / s times the same scale, and the factor s^-beta."""

    u: np.ndarray
    ratio: Channels
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
    u, scale = scaled(_windows(wide, size // 2, (size - 1) // 2), (0,), least=max(k, 0.0) ** 0.5)
    scale = np.reshape(scale, np.shape(scale)[1:])
    own = wide / scale
    s = like(wide, k) / scale / scale + like(wide, alpha) / size * (u * u).sum(0)  # over the square of the scale
    root = np.power(s, -beta)
    y = own * (root * np.power(scale, 1 - 2 * beta))
    saved = Saved(u, own / s, root * np.power(scale, -2 * beta), size, alpha, beta)
    return y.astype(x.dtype, copy=False), saved


def backward(saved: Saved, dy: Channels) -> tuple[Channels]:
    u, ratio, factor, size, alpha, beta = saved
    direct = dy * factor
    dx = direct - 2 * (like(u, alpha) / size) * like(u, beta) * _added_back(direct * ratio * u, size // 2)
    return (dx.astype(dy.dtype, copy=False),)


def _windows(a: np.ndarray, before: int, after: int) -> np.ndarray:
    """For each channel those from that many before it to that many after it, along a new first axis."""
    channels = a.shape[1]
    none = zeros_of(a, (a.shape[0], max(before, after), *a.shape[2:]))
    padded = np.concatenate([none[:, :before], a, none[:, :after]], axis=1)
    return np.stack([padded[:, i : i + channels] for i in range(before + after + 1)])


def _added_back(windows: np.ndarray, before: int) -> np.ndarray:
    """At each channel the sum of the windows' entries that were copied from there."""
    size, batch, channels, *rest = windows.shape
    padded = zeros_of(windows, (batch, channels + size - 1, *rest))
    for i, entries in enumerate(windows):
        padded[:, i : i + channels] += entries
    return padded[:, before : before + channels]
