"""Batch norm by the batch's own statistics (Ioffe and Szegedy, 2015): each channel over the batch and all further axes.

y = xhat * weight + bias, where these are given, xhat = (x - mean x) / sqrt(var x + eps), the variance with 1/n. With
dxhat = dy * weight: dx = (dxhat - mean dxhat - xhat * mean(dxhat * xhat)) / sqrt(var x + eps).

PyTorch has one function for three rules, since a rule always has the same outputs. This one is training without running
statistics; `batch_norm_with_statistics` is training with them, and `batch_norm_eval` is evaluation.
"""

import numpy as np

from scratch_bp.rules.normalisation.channels import require_several
from scratch_bp.rules.normalisation.standardise import BATCH, Standard, by_channel, pull_back, standardise
from scratch_bp.rules.shapes import Channel, Channels


def forward(
    x: Channels, weight: Channel | None = None, bias: Channel | None = None, *, eps: float = 1e-5
) -> tuple[Channels, Standard]:
    require_several("batch_norm", x, x.size // x.shape[1])
    return standardise(x, by_channel(x, x.shape[1]), weight, bias, eps, BATCH)[:2]


def backward(saved: Standard, dy: Channels) -> tuple[np.ndarray | None, ...]:
    return pull_back(saved, dy)
