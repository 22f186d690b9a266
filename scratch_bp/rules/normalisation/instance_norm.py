"""Instance norm (Ulyanov, Vedaldi and Lempitsky, 2016): each channel of each image over its own space.

y = xhat * weight + bias, where these are given, xhat = (x - mean x) / sqrt(var x + eps), the variance with 1/n. With
dxhat = dy * weight: dx = (dxhat - mean dxhat - xhat * mean(dxhat * xhat)) / sqrt(var x + eps). As in PyTorch a channel
needs more than one value.
"""

import math

import numpy as np

from scratch_bp.rules.normalisation.channels import require_several
from scratch_bp.rules.normalisation.standardise import Standard, by_channel, pull_back, standardise
from scratch_bp.rules.shapes import Channel, Channels


def forward(
    x: Channels, weight: Channel | None = None, bias: Channel | None = None, *, eps: float = 1e-5
) -> tuple[Channels, Standard]:
    require_several("instance_norm", x, math.prod(x.shape[2:]))
    return standardise(x, by_channel(x, x.shape[1]), weight, bias, eps)[:2]


def backward(saved: Standard, dy: Channels) -> tuple[np.ndarray | None, ...]:
    return pull_back(saved, dy)
