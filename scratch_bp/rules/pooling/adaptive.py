"""Windows of which the output size is given: those of PyTorch's adaptive pooling.

Of n windows along a length window o goes from floor(o length / n) to ceil((o + 1) length / n): all of it for n = 1,
pieces of equal length where n divides it, and else pieces that overlap. Pooling goes along one axis after the other,
the last first, as in `along`; where there is one window in all, along all at once.
"""

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import zeros_of
from scratch_bp.rules.convolution.windows import Sizes
from scratch_bp.rules.extremes import first_largest


class Kept(NamedTuple):
    """What the maxima along one axis were taken of, that axis first and the others laid flat, and the maxima."""

    x: np.ndarray
    y: np.ndarray
    axis: int


def largest(x: np.ndarray, sizes: Sizes) -> tuple[np.ndarray, tuple[Kept, ...]]:
    """The maximum of each window, and what each axis leaves for the way back."""
    if max(sizes) == 1:
        return _largest_of_all(x)
    saved = []
    for axis, size in _last_first(sizes):
        lines, rest = _axis_first(x, axis)
        y = np.concatenate([lines[start:stop].max(axis=0, keepdims=True) for start, stop in ends(len(lines), size)])
        x = y.reshape(size, *rest).transpose(_back(axis, x.ndim))
        saved.append(Kept(lines, y, axis))
    return x.copy(), tuple(saved)


def give_largest(saved: tuple[Kept, ...], dy: np.ndarray, shape: Sizes) -> np.ndarray:
    """dx: each window's dy to its first largest entry."""
    if len(saved) == 1:
        return _give_one(saved[0], dy).reshape(shape)
    give = _share_out if dy.dtype == object else _give
    for x, y, axis in reversed(saved):
        lines, rest = _axis_first(dy, axis)
        dy = give(x, y, lines, axis, rest)
    return dy.copy() if dy.dtype == object else dy


def means(x: np.ndarray, sizes: Sizes) -> np.ndarray:
    """The mean of each window: its sum, by a matrix of zeros and ones, divided.

    An infinite entry makes NaN of the other windows of its line, which it does not touch in PyTorch.
    """
    if max(sizes) == 1:
        return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)
    for axis, size in _last_first(sizes):
        members, numbers = _members(x.shape[axis], size, x.dtype)
        x = _along(x, members, axis) / _lying(numbers, axis, x.ndim)
    return x


def give_means(dy: np.ndarray, shape: Sizes) -> np.ndarray:
    """dx: each window's dy shared out over its entries."""
    if max(dy.shape[2:]) == 1:
        return np.broadcast_to(dy / prod(shape[2:]), shape, subok=True).copy()
    for axis, size in reversed(_last_first(dy.shape[2:])):
        members, numbers = _members(shape[axis], size, dy.dtype)
        dy = _along(dy / _lying(numbers, axis, dy.ndim), members.T, axis)
    return dy


@lru_cache(maxsize=1024)
def ends(length: int, number: int) -> tuple[tuple[int, int], ...]:
    """Where each window starts and stops."""
    return tuple((o * length // number, -(-(o + 1) * length // number)) for o in range(number))


def _largest_of_all(x: np.ndarray) -> tuple[np.ndarray, tuple[Kept, ...]]:
    flat = x.reshape(*x.shape[:2], -1)
    y = flat.max(axis=2, keepdims=True)
    return y.reshape(*x.shape[:2], *(1,) * (x.ndim - 2)), (Kept(flat, y, 2),)


def _give_one(kept: Kept, dy: np.ndarray) -> np.ndarray:
    x, y, axis = kept
    dy = dy.reshape(y.shape)
    if x.dtype == object:
        return dy * first_largest(x, axis)
    dx, winners = zeros_of(dy, x.shape), (x == y).argmax(axis=axis, keepdims=True)
    np.put_along_axis(dx, winners, dy, axis)
    return dx


def _share_out(x: np.ndarray, y: np.ndarray, dy: np.ndarray, axis: int, rest: Sizes) -> np.ndarray:
    """dx on exact numbers, of which nobody can always say which is the largest."""
    dx = zeros_of(dy, x.shape)
    for (start, stop), dy_o in zip(ends(len(x), len(y)), dy, strict=True):
        dx[start:stop] += dy_o * first_largest(x[start:stop], 0)
    return dx.reshape(len(x), *rest).transpose(_back(axis, len(rest) + 1))


def _give(x: np.ndarray, y: np.ndarray, dy: np.ndarray, axis: int, rest: Sizes) -> np.ndarray:
    """dx, into which each window's dy is written where its line of x is first y."""
    length, inner = len(x), prod(rest[axis:])
    dx = zeros_of(dy, (prod(rest) * length,))
    lines = (np.arange(prod(rest[:axis]))[:, None] * (length * inner) + np.arange(inner)).ravel()
    for (start, stop), y_o, dy_o in zip(ends(length, len(y)), y, dy, strict=True):
        winner: Any = np.int32(stop - 1)
        for k in range(stop - 2, start - 1, -1):
            winner = np.where(x[k] == y_o, np.int32(k), winner)
        dx[lines + winner * inner] += dy_o
    return dx.reshape(*rest[:axis], length, *rest[axis:])


def _last_first(sizes: Sizes) -> list[tuple[int, int]]:
    """Each axis behind the first two and its output size, the last one first."""
    return [*enumerate(sizes, start=2)][::-1]


def _axis_first(x: np.ndarray, axis: int) -> tuple[np.ndarray, Sizes]:
    """x in one piece, an axis first and the others laid flat, and the sizes of these."""
    moved = x.transpose(axis, *range(axis), *range(axis + 1, x.ndim))
    return moved.copy().reshape(len(moved), -1), moved.shape[1:]


def _back(axis: int, axes: int) -> Sizes:
    """The order in which the first of several axes comes to its place."""
    return (*range(1, axis + 1), 0, *range(axis + 1, axes))


@lru_cache(maxsize=1024)
def _members(length: int, number: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """1 where a window [row] has a position [column], and how many each has."""
    at, (starts, stops) = np.arange(length), np.array(ends(length, number)).T
    inside = (at >= starts[:, None]) & (at < stops[:, None])
    return inside.astype(int).astype(dtype), (stops - starts).astype(dtype)


def _along(x: np.ndarray, matrix: np.ndarray, axis: int) -> np.ndarray:
    """The product of a matrix with each line of x along one of its last two axes."""
    product = x @ matrix.T if axis == x.ndim - 1 else matrix @ x
    return product.astype(x.dtype, copy=False)


def _lying(line: np.ndarray, axis: int, axes: int) -> np.ndarray:
    """A line of numbers along one of several axes."""
    return line.reshape(-1, *(1,) * (axes - 1 - axis))
