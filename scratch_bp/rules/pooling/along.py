"""Maxima and sums over windows along one axis, and how a cotangent goes back to what they were taken of.

Pooling over several axes is pooling along each in turn, the last first: a maximum of maxima is the maximum of all, and
the first of the largest rows holds in its own first largest entry the first of the window. So each dy goes back along
one axis after the other too, and adding up what different windows give is all that is left to do.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, zeros_of
from scratch_bp.rules.convolution.windows import Axis, Index, meetings
from scratch_bp.rules.extremes import first_largest

Axes = tuple[Axis, ...]


class Line(NamedTuple):
    """Where windows and positions meet at one offset, and whether all windows do."""

    windows: Index
    positions: Index
    whole: bool


def largest(x: np.ndarray, axes: Axes) -> tuple[np.ndarray, ...]:
    """x, and after each axis, the last first, the maxima: the last of these is the result."""
    values = [x]
    for behind, axis in enumerate(reversed(axes)):
        values.append(_folded(values[-1], axis, behind, np.maximum, -np.inf))
    return tuple(values)


def give_largest(values: tuple[np.ndarray, ...], dy: np.ndarray, axes: Axes) -> np.ndarray:
    """dx: each window's dy to its first largest entry."""
    give = _give_undecided if dy.dtype == object else _give
    for behind, axis in reversed(list(enumerate(reversed(axes)))):
        dy = give(values[behind], values[behind + 1], dy, axis, behind)
    return dy


def summed(x: np.ndarray, axes: Axes) -> np.ndarray:
    """The sums over the windows."""
    for behind, axis in enumerate(reversed(axes)):
        x = _folded(x, axis, behind, np.add, 0.0)
    return x


def give_all(dy: np.ndarray, axes: Axes) -> np.ndarray:
    """dx: each window's dy to all its entries."""
    for behind, axis in reversed(list(enumerate(reversed(axes)))):
        dx = zeros_of(dy, _shape(dy, behind, axis.length))
        for windows, positions, _ in _met(axis, behind):
            _add(dx, positions, dy[windows], axis)
        dy = dx
    return dy


def _give(x: np.ndarray, y: np.ndarray, dy: np.ndarray, axis: Axis, behind: int) -> np.ndarray:
    dx, left, none = zeros_of(dy, x.shape), dy, like(dy, 0)
    *before, last = _met(axis, behind)
    for windows, positions, whole in before:
        taken = np.where(x[positions] == y[windows], left[windows], none)
        _add(dx, positions, taken, axis)
        left = left - taken if whole else left.copy()
        if not whole:
            left[windows] -= taken  # all of it or nothing
    # what nobody has taken is the last one's
    _add(dx, last.positions, left[last.windows], axis)
    return dx


def _give_undecided(x: np.ndarray, y: np.ndarray, dy: np.ndarray, axis: Axis, behind: int) -> np.ndarray:
    met = _met(axis, behind)
    entries = np.full_like(x, like(x, -np.inf), shape=(len(met), *y.shape))
    for offset, (windows, positions, _) in enumerate(met):
        entries[offset][windows] = x[positions]
    shares, dx = dy * first_largest(entries, 0), zeros_of(dy, x.shape)
    for share, (windows, positions, _) in zip(shares, met, strict=True):
        _add(dx, positions, share[windows], axis)
    return dx


def _folded(x: np.ndarray, axis: Axis, behind: int, fold: Callable, start: float) -> np.ndarray:
    """For each window the fold of its entries, those outside x being `start`."""
    met = _met(axis, behind)
    whole = [x[each.positions] for each in met if each.whole]
    if len(whole) < 2:
        y = np.full_like(x, like(x, start), shape=_shape(x, behind, axis.number))
    else:
        y = fold(whole[0], whole[1])
    for part in whole[2 if len(whole) > 1 else 0 :]:
        y = fold(y, part)
    for windows, positions, all_of_them in met:
        if not all_of_them:
            y[windows] = fold(y[windows], x[positions])
    return y


def _add(dx: np.ndarray, positions: tuple, part: np.ndarray, axis: Axis) -> None:
    if axis.disjoint:
        dx[positions] = part
    else:
        dx[positions] += part


def _shape(x: np.ndarray, behind: int, size: int) -> tuple[int, ...]:
    at = x.ndim - 1 - behind
    return (*x.shape[:at], size, *x.shape[at + 1 :])


@lru_cache(maxsize=1024)
def _met(axis: Axis, behind: int) -> tuple[Line, ...]:
    """The meetings of one axis that has others behind it."""
    rest, everything = (slice(None),) * behind, (..., slice(0, axis.number))
    return tuple(Line((*w, *rest), (*p, *rest), w == everything) for w, p in meetings((axis,)))
