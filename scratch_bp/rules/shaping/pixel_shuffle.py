"""Pixel shuffle (Shi and others, 2016): r^2 channels of small images become one of r times the height and the width.

y[c, h r + i, w r + j] = x[c r^2 + i r + j, h, w]: every entry of x stands somewhere in y, and dx is dy put back.
"""

from typing import NamedTuple

from scratch_bp.rules.shapes import Packed, Unpacked


class Saved(NamedTuple):
    upscale_factor: int


def forward(x: Packed, *, upscale_factor: int) -> tuple[Unpacked, Saved]:
    *batch, packed, height, width = x.shape
    r = upscale_factor
    if r < 1 or packed % (r * r):
        raise ValueError(f"pixel_shuffle: upscale_factor is at least 1, its square divides {packed} channels; got {r}")
    # [.., c, i, j, h, w] to [.., c, h, i, w, j]
    n = len(batch)
    parts = x.reshape(*batch, packed // (r * r), r, r, height, width)
    order = (*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return parts.transpose(order).copy().reshape(*batch, -1, height * r, width * r), Saved(r)


def backward(saved: Saved, dy: Unpacked) -> tuple[Packed]:
    *batch, channels, tall, wide = dy.shape
    r, n = saved.upscale_factor, len(batch)
    parts = dy.reshape(*batch, channels, tall // r, r, wide // r, r)
    order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return (parts.transpose(order).copy().reshape(*batch, channels * r * r, tall // r, wide // r),)
