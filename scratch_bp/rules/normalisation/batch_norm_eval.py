"""Batch norm in evaluation, by given running statistics: y = xhat * weight + bias, where these are given.

xhat = (x - running_mean) / sqrt(running_var + eps): x reaches y directly, and not through a mean. With
dxhat = dy * weight:

dx = dxhat / sqrt(running_var + eps),  drunning_mean = -sum dx,
drunning_var = -sum(dxhat xhat) / (2 (running_var + eps)).

PyTorch treats the statistics as constants; here they are arrays with gradients of their own.
"""

import numpy as np

from scratch_bp.elementary import widened
from scratch_bp.rules.normalisation.standardise import (
    BATCH,
    Standard,
    affine,
    by_channel,
    direct_factor,
    inverse_root,
    result,
    seen,
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
    inv_std = inverse_root(var, eps)
    xhat = (widened(x).reshape(by_channel(x, x.shape[1])) - mean) * inv_std
    return result(xhat, inv_std, BATCH, weight, bias, x)


def backward(saved: Standard, dy: Channels) -> tuple[np.ndarray | None, ...]:
    xhat, inv_std = saved.xhat, saved.inv_std
    wide, factor = seen(saved, dy), direct_factor(saved)
    dx = wide * factor
    # summed first: less is lost to underflow where the weight is tiny
    dmean = -wide.sum(BATCH) * factor.reshape(-1)
    dvar = -(wide * xhat).sum(BATCH) * (factor * inv_std).reshape(-1) / 2
    return *(a.astype(dy.dtype, copy=False) for a in (dx.reshape(dy.shape), dmean, dvar)), *affine(saved, dy)
