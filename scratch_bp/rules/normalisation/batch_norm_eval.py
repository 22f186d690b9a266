"""Batch norm in evaluation, by running statistics that are given: y = xhat * weight + bias, where these are given.

xhat = (x - running_mean) / sqrt(running_var + eps), so that x reaches y one way only. With dxhat = dy * weight:

dx = dxhat / sqrt(running_var + eps),  drunning_mean = -sum dx,
drunning_var = -sum(dxhat xhat) / (2 (running_var + eps)).

PyTorch takes the statistics for constants; here they are arrays as any other.
"""

import numpy as np

from scratch_bp.elementary import widened
from scratch_bp.rules.normalisation.standardising import (
    Standard,
    affine,
    by_channel,
    inverse_root,
    over_space,
    scaled,
)
from scratch_bp.rules.shapes import Channel, Channels


def forward(
    x: Channels,
    running_mean: Channel,
    running_var: Channel,
    weight: Channel | None = None,
    bias: Channel | None = None,
    *,
    eps: float = 1e-5,
) -> tuple[Channels, Standard]:
    mean, var = (widened(a).reshape(1, -1, 1, 1) for a in (running_mean, running_var))
    xhat, inv_std = widened(x).reshape(by_channel(x, x.shape[1])) - mean, inverse_root(var, eps)
    xhat *= inv_std
    return scaled(xhat, inv_std, weight, bias, x)


def backward(saved: Standard, dy: Channels) -> tuple[np.ndarray | None, ...]:
    inv_std, w = saved.inv_std, saved.w
    wide, d, q = over_space(saved, dy)
    factor = inv_std if w is None else inv_std * w
    channel = factor.reshape(-1)
    dmean = -d.sum(0).reshape(-1) * channel
    dvar = q.sum(0).reshape(-1) * channel * inv_std.reshape(-1) / -2
    dx = (wide * factor).reshape(dy.shape)
    return *(a.astype(dy.dtype, copy=False) for a in (dx, dmean, dvar)), *affine(saved, d, q, dy)
