"""Batch norm in training with running statistics: y as in `batch_norm`, and both statistics moved to the batch's.

new_mean = (1 - m) running_mean + m mean x,  new_var = (1 - m) running_var + m var x n / (n - 1),

m the momentum. As in PyTorch, y uses the variance with 1/n, and the running variance the one with 1/(n - 1). The new
statistics are outputs; the arrays that came in are not changed. Their cotangents are zero unless a later node reads
them, and reach x by

dx += m / n dnew_mean + 2 m / (n - 1) (x - mean x) dnew_var.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.normalisation.channels import require_several
from scratch_bp.rules.normalisation.standardise import BATCH, Standard, affine, by_channel, pulled_to_input, standardise
from scratch_bp.rules.shapes import Channel, Channels


class Saved(NamedTuple):
    standard: Standard
    momentum: float


def forward(
    x: Channels,
    running_mean: Channel,
    running_var: Channel,
    weight: Channel | None = None,
    bias: Channel | None = None,
    *,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[tuple[Channels, Channel, Channel], Saved]:
    require_several("batch_norm_with_statistics", x, x.size // x.shape[1])
    y, saved, (mean, var, scale) = standardise(x, by_channel(x, x.shape[1]), weight, bias, eps, BATCH)
    entries, m = x.size // mean.size, like(mean, momentum)
    new_mean = (1 - m) * running_mean + m * (mean * scale).reshape(-1)
    new_var = (1 - m) * running_var + m * (var * entries / (entries - 1) * scale * scale).reshape(-1)
    return (y, new_mean.astype(x.dtype), new_var.astype(x.dtype)), Saved(saved, momentum)


def backward(saved: Saved, dy: tuple[Channels, Channel, Channel]) -> tuple[np.ndarray | None, ...]:
    standard, m = saved.standard, like(saved.standard.inv_std, saved.momentum)
    dout, dmean, dvar = dy
    entries, centred = standard.xhat.size // dmean.size, standard.xhat / standard.inv_std
    through_mean, through_var = (d.reshape(1, -1, 1, 1) for d in (m / entries * dmean, 2 * m / (entries - 1) * dvar))
    dx = pulled_to_input(standard, dout) + through_mean + through_var * centred
    grads = (dx.reshape(dout.shape), (1 - m) * dmean, (1 - m) * dvar)
    return *(grad.astype(dout.dtype, copy=False) for grad in grads), *affine(standard, dout)
