"""Padding, as F.pad has it: `pad` has how many entries come before and after the last axis, then the last but one, ...

constant: all of them are `value`, 0 when it is None; a negative number takes entries away. The others fill place p of
an axis of n from place s(p), one axis after the other, so that a corner is the padding of a padding. reflect: mirrored
at the edge, which is not repeated, s = |p| or 2 (n - 1) - p. replicate: the edge, s = 0 or n - 1. circular: from the
other end, s = p mod n. The gradient of an entry is its own dy and that of every place that it fills; what was taken
away has 0, and a constant goes nowhere.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, zeros_of
from scratch_bp.rules.axes import along
from scratch_bp.rules.shapes import Arranged, Tensor

Widths = tuple[tuple[int, int], ...]  # (before, after) by axis


class Saved(NamedTuple):
    shape: tuple[int, ...]
    widths: Widths
    mode: str


def forward(
    x: Tensor, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None
) -> tuple[Arranged, Saved]:
    saved = Saved(x.shape, _widths(x.shape, pad, mode, value), mode)
    if mode == "constant":
        inner, outer = _shared(saved)
        shape = tuple(n + sum(both) for n, both in zip(x.shape, saved.widths, strict=True))
        y = zeros_of(x, shape) if not value else np.full_like(x, like(x, value), shape=shape)
        y[outer] = x[inner]
        return y, saved
    y = x
    for axis, (n, both) in enumerate(zip(x.shape, saved.widths, strict=True)):
        if both != (0, 0):
            y = y.take(_sources(mode, n, *both), axis=axis)
    return (x.copy() if y is x else y), saved


def backward(saved: Saved, dy: Arranged) -> tuple[Tensor]:
    if saved.mode == "constant":
        inner, outer = _shared(saved)
        dx = zeros_of(dy, saved.shape)
        dx[inner] = dy[outer]
        return (dx,)
    dx = dy.copy()
    for axis, (n, (before, after)) in enumerate(zip(saved.shape, saved.widths, strict=True)):
        padded, dx = dx, dx[along(axis, slice(before, before + n))]
        sources = _sources(saved.mode, n, before, after).tolist()
        for place in (*range(before), *range(before + n, len(sources))):
            dx[along(axis, sources[place])] += padded[along(axis, place)]
    return (dx,)


def _widths(shape: tuple[int, ...], pad: tuple[int, ...], mode: str, value: float | None) -> Widths:
    """The numbers by axis, from the first. Raises ValueError where they do not go with the array."""
    if mode not in _ALLOWED:
        raise ValueError(f"pad: mode is one of {', '.join(_ALLOWED)}, got {mode!r}")
    if value is not None and mode != "constant":
        raise ValueError(f"pad: value goes with mode 'constant' only, got {value} with {mode!r}")
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        raise ValueError(f"pad: two numbers for each axis, the last axis first, {len(shape)} axes here; got {pad}")
    said = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    widths = (*((0, 0),) * (len(shape) - len(said)), *said)
    least, beyond = _ALLOWED[mode]
    for n, both in zip(shape, widths, strict=True):
        if n + sum(both) < 0 or not all(each == 0 or (least is None or least <= each <= n + beyond) for each in both):
            raise ValueError(f"pad: {mode!r} cannot put {both} around an axis of {n}; got {pad} for {list(shape)}")
    return widths


# the fewest entries that may be put at an end, and the most, as what is to be added to the axis; None for any
_ALLOWED = {"constant": (None, 0), "reflect": (0, -1), "replicate": (0, 1 << 30), "circular": (0, 0)}


def _shared(saved: Saved) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The part of x that stands in y, and where: a negative width leaves it out of the one, a positive shifts it."""
    both = list(zip(saved.shape, saved.widths, strict=True))
    inner = tuple(slice(max(-before, 0), max(n + min(after, 0), 0)) for n, (before, after) in both)
    outer = tuple(slice(max(before, 0), max(n + before + min(after, 0), 0)) for n, (before, after) in both)
    return inner, outer


def _sources(mode: str, n: int, before: int, after: int) -> np.ndarray:
    """The place of x from which each place of y is filled, along one axis."""
    at = np.arange(-before, n + after)
    if mode == "circular":
        return at % n
    return at.clip(0, n - 1) if mode == "replicate" else n - 1 - abs(n - 1 - abs(at))
