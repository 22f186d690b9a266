"""Dropout of whole channels (Tompson et al., 2015) with a given mask, one number for each channel of each sample.

It is dropout1d, dropout2d and dropout3d of PyTorch in one: a channel of any number of axes is kept or dropped whole.
"""

from typing import NamedTuple

from scratch_bp.rules.regularisation.masks import kept, require_probability
from scratch_bp.rules.shapes import ChannelMask, Channels


class Saved(NamedTuple):
    mask: ChannelMask
    p: float


def forward(x: Channels, mask: ChannelMask, *, p: float = 0.5) -> tuple[Channels, Saved]:
    require_probability("spatial_dropout", p)
    return _kept(x, mask, p), Saved(mask, p)


def backward(saved: Saved, dy: Channels) -> tuple[Channels, None]:
    return _kept(dy, *saved), None


def _kept(x: Channels, mask: ChannelMask, p: float) -> Channels:
    return kept(x, mask.reshape(mask.shape + (1,) * (x.ndim - 2)), p)
