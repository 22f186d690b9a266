"""Batch norm in training (Ioffe and Szegedy, 2015): each channel standardised over the batch and all further axes.

y = xhat * weight + bias, xhat = (x - mean x) / sqrt(var x + eps), the variance with 1/n. With dxhat = dy * weight:
dx = (dxhat - mean dxhat - xhat * mean(dxhat * xhat)) / sqrt(var x + eps). There are no running statistics: the rule is
a function of its arrays alone. As in PyTorch a channel needs more than one value, since of one nothing is left.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Channel, Channels


class Saved(NamedTuple):
    xhat: Channels
    inv_std: np.ndarray
    weight: Channel


def forward(x: Channels, weight: Channel, bias: Channel, *, eps: float = 1e-5) -> tuple[Channels, Saved]:
    axes = _all_but_channels(x)
    if x.size <= x.shape[1]:
        raise ValueError(f"batch_norm: more than one value per channel is needed in training, got shape {x.shape}")
    centred = x - x.mean(axes, keepdims=True)
    inv_std = 1 / np.sqrt((centred * centred).mean(axes, keepdims=True) + like(x, eps))
    xhat = centred * inv_std
    return xhat * _along(weight, x) + _along(bias, x), Saved(xhat, inv_std, weight)


def backward(saved: Saved, dy: Channels) -> tuple[Channels, Channel, Channel]:
    xhat, inv_std, weight = saved
    axes = _all_but_channels(dy)
    dxhat = dy * _along(weight, dy)
    # x reaches xhat three ways: directly, through the mean, and through the variance
    dx = inv_std * (dxhat - dxhat.mean(axes, keepdims=True) - xhat * (dxhat * xhat).mean(axes, keepdims=True))
    return dx, (dy * xhat).sum(axes), dy.sum(axes)


def _all_but_channels(x: Channels) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _along(vector: Channel, x: Channels) -> np.ndarray:
    return vector.reshape(-1, *(1,) * (x.ndim - 2))
