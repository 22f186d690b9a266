"""A convolution as a sum, over the offsets of the kernel, of products with shifted arrays: all convolutions are this.

y_o = sum_k W_k x[o stride + k dilation - padding], where W_k [filters, channels] is the weight at offset k. Laid into
planes, x needs no window to be copied out of it: a plane holds the padded positions of one remainder modulo stride,
row after row, and then all entries that the windows have at offset k lie one after the other from a start s_k on,

    y = sum_k W_k P[s_k : s_k + span],  dP[s_k : s_k + span] += W_k^T dy,  dW_k = dy P[s_k : s_k + span]^T,

one matrix product for each offset and sample. The price are the few columns at the end of each row of y where a window
would wrap around: they are cut off y, and zeros in dy, so that an infinite x may make more of dW NaN than it must. The
three are `gather`, `scatter` and `weigh`; a transposed convolution is the same three in another order.
"""

from functools import lru_cache
from itertools import accumulate, product
from math import prod
from operator import mul
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from scratch_bp.elementary import zeros_of
from scratch_bp.rules.convolution.windows import Axis, Meeting, Sizes, meet, together

Axes = tuple[Axis, ...]


class Frame(NamedTuple):
    """Where things lie.

    counts  of windows along each axis, and `room`, the positions that a plane has along each
    span    from the first window to the last, both counted, in a plane laid flat
    fills   for each plane, its entries and those of x that belong there
    shifts  for each offset of the kernel, the index of the windows' entries in the planes
    bare    x is itself the only plane
    """

    counts: Sizes
    room: Sizes
    span: int
    fills: tuple[Meeting, ...]
    shifts: tuple[tuple, ...]
    bare: bool

    @property
    def wraps(self) -> bool:
        """Are there columns in which windows wrap around?"""
        return self.counts[1:] != self.room[1:]


@lru_cache(maxsize=4096)
def frame_of(axes: Axes) -> Frame:
    remainders = [sorted({k * a.dilation % a.stride for k in range(a.kernel)}) for a in axes]
    room = tuple(a.number + (a.kernel - 1) * a.dilation // a.stride for a in axes)
    steps = [*accumulate(room[:0:-1], mul, initial=1)][::-1]
    planes = list(product(*remainders))
    fills = tuple(
        together([meet(a.length, m, a.stride, r - a.padding) for a, m, r in zip(axes, room, each, strict=True)])
        for each in planes
    )
    span = 1 + sum((a.number - 1) * step for a, step in zip(axes, steps, strict=True))
    shifts = []
    for offsets in product(*(range(a.kernel) for a in axes)):
        moves = [divmod(k * a.dilation, a.stride) for k, a in zip(offsets, axes, strict=True)]
        start = sum(move * step for (move, _), step in zip(moves, steps, strict=True))
        shifts.append((planes.index(tuple(rest for _, rest in moves)), ..., slice(start, start + span)))
    bare = room == tuple(a.length for a in axes) and all(a.stride == 1 and a.padding == 0 for a in axes)
    return Frame(tuple(a.number for a in axes), room, span, fills, tuple(shifts), bare)


def lay(x: np.ndarray, axes: Axes, groups: int) -> np.ndarray:
    """x [batch, channels, *lengths] as planes [plane, batch, group, channels of the group, positions]."""
    frame, (batch, channels) = frame_of(axes), x.shape[:2]
    grouped = (batch, groups, channels // groups, -1)
    if frame.bare:
        return x.reshape(1, *grouped)
    planes = zeros_of(x, (len(frame.fills), batch, channels, *frame.room))
    for number, (windows, positions) in enumerate(frame.fills):
        planes[number][windows] = x[positions]
    return planes.reshape(len(planes), *grouped)


def widen(y: np.ndarray, axes: Axes, groups: int) -> np.ndarray:
    """y [batch, filters, *counts] as [batch, group, filters of the group, span], zero where a window wraps around."""
    frame, (batch, filters) = frame_of(axes), y.shape[:2]
    if frame.wraps:
        wide = zeros_of(y, (batch, filters, frame.span))
        _inside(wide, frame)[...] = y
        y = wide
    return y.reshape(batch, groups, filters // groups, frame.span)


def split(weight: np.ndarray, groups: int) -> np.ndarray:
    """The weight [filters, channels of the group, *kernel] as [offset, group, filters of the group, channels]."""
    filters, channels = weight.shape[:2]
    by_offset = np.moveaxis(weight.reshape(groups, filters // groups, channels, -1), -1, 0)
    return by_offset.copy()  # a product wants its matrices in one piece


def gather(w: np.ndarray, planes: np.ndarray, axes: Axes) -> np.ndarray:
    """y [batch, filters, *counts]: the sum over the offsets of W_k P[s_k : s_k + span]."""
    frame = frame_of(axes)
    y = zeros_of(planes, (planes.shape[1], *w.shape[1:3], frame.span))
    for n, y_n in enumerate(y):  # sample by sample, so that all of one stays in the cache
        x_n = planes[:, n]
        y_n[...] = _product(w[0], x_n[frame.shifts[0]])
        for w_k, shift in zip(w[1:], frame.shifts[1:], strict=True):
            y_n += _product(w_k, x_n[shift])
    y = y.reshape(len(y), -1, frame.span)
    return _inside(y, frame).copy() if frame.wraps else y.reshape(*y.shape[:2], *frame.counts)


def scatter(w: np.ndarray, wide: np.ndarray, axes: Axes, shape: Sizes) -> np.ndarray:
    """dx, in its shape: each offset adds W_k^T dy to the planes, which then give back what was laid into them."""
    frame = frame_of(axes)
    planes = zeros_of(wide, (len(frame.fills), len(wide), w.shape[1], w.shape[3], prod(frame.room)))
    turned = w.swapaxes(-1, -2)
    for n, dy_n in enumerate(wide):
        dx_n = planes[:, n]
        for w_k, shift in zip(turned, frame.shifts, strict=True):
            entries = dx_n[shift]
            entries += _product(w_k, dy_n)
    if frame.bare:
        return planes.reshape(shape)
    planes, x = planes.reshape(len(planes), *shape[:2], *frame.room), zeros_of(wide, shape)
    for number, (windows, positions) in enumerate(frame.fills):
        x[positions] = planes[number][windows]
    return x


def weigh(wide: np.ndarray, planes: np.ndarray, axes: Axes, shape: Sizes) -> np.ndarray:
    """The gradient by the weight, in its shape: dy P[s_k : s_k + span]^T, summed over the batch."""
    shifts = frame_of(axes).shifts
    by_offset = [(wide @ planes[shift].swapaxes(-1, -2)).sum(axis=0) for shift in shifts]
    return np.stack(by_offset, axis=-1).reshape(shape)


def _product(w_k: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """W_k times the entries. Where each group has one channel and one filter a product of matrices is slow."""
    return w_k * entries if w_k.shape[1:] == (1, 1) else w_k @ entries


def _inside(wide: np.ndarray, frame: Frame) -> np.ndarray:
    """A view without the columns in which windows wrap around."""
    steps = [*accumulate(frame.room[:0:-1], mul, initial=wide.strides[-1])][::-1]
    return as_strided(wide, (*wide.shape[:2], *frame.counts), (*wide.strides[:2], *steps), subok=True)
