"""Group norm (Wu and He, 2018): the channels of each image in groups, each over its channels and all further axes.

y = xhat * weight + bias, where these are given, xhat = (x - mean x) / sqrt(var x + eps), the variance with 1/n. With
dxhat = dy * weight: dx = (dxhat - mean dxhat - xhat * mean(dxhat * xhat)) / sqrt(var x + eps). One group makes
it a layer norm with a weight for each channel, as many groups as channels an instance norm.
"""

import numpy as np

from scratch_bp.rules.normalisation.standardise import Standard, by_channel, pull_back, standardise
from scratch_bp.rules.shapes import Channel, Channels


def forward(
    x: Channels, weight: Channel | None = None, bias: Channel | None = None, *, num_groups: int, eps: float = 1e-5
) -> tuple[Channels, Standard]:
    if num_groups < 1 or x.shape[1] % num_groups:
        raise ValueError(f"group_norm: num_groups divides the channels, got {num_groups=} for {x.shape[1]} channels")
    return standardise(x, by_channel(x, num_groups), weight, bias, eps)[:2]


def backward(saved: Standard, dy: Channels) -> tuple[np.ndarray | None, ...]:
    return pull_back(saved, dy)
