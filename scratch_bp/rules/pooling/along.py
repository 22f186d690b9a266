"""Maxima and sums over windows along one axis, and how a cotangent goes back to what they were taken of.

Pooling over several axes is pooling along each in turn, the last first: a maximum of maxima is the maximum of all, and
the first of the largest rows holds in its own first largest entry the first of the window. So each dy goes back along
one axis after the other too, and adding up what different windows give is all that is left to do.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from scratch_bp.elementary import like, zeros_of
from scratch_bp.rules.convolution.windows import Axis, Meeting, meetings
from scratch_bp.rules.extremes import first_largest

Axes = tuple[Axis, ...]


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
        for windows, positions in _met(axis, behind):
            _add(dx, positions, dy[windows], axis)
        dy = dx
    return dy


def _give(x: np.ndarray, y: np.ndarray, dy: np.ndarray, axis: Axis, behind: int) -> np.ndarray:
    dx, left, none = zeros_of(dy, x.shape), dy.copy(), like(dy, 0)
    for windows, positions in _met(axis, behind):
        taken = np.where(x[positions] == y[windows], left[windows], none)
        _add(dx, positions, taken, axis)
        left[windows] -= taken  # all or nothing
    return dx


def _give_undecided(x: np.ndarray, y: np.ndarray, dy: np.ndarray, axis: Axis, behind: int) -> np.ndarray:
    met = _met(axis, behind)
    entries = np.full_like(x, like(x, -np.inf), shape=(len(met), *y.shape))
    for offset, (windows, positions) in enumerate(met):
        entries[offset][windows] = x[positions]
    shares, dx = dy * first_largest(entries, 0), zeros_of(dy, x.shape)
    for share, (windows, positions) in zip(shares, met, strict=True):
        _add(dx, positions, share[windows], axis)
    return dx


def _folded(x: np.ndarray, axis: Axis, behind: int, fold: Callable, start: float) -> np.ndarray:
    """For each window the fold of its entries, those outside x being `start`."""
    y = np.full_like(x, like(x, start), shape=_shape(x, behind, axis.number))
    for windows, positions in _met(axis, behind):
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
def _met(axis: Axis, behind: int) -> tuple[Meeting, ...]:
    """The meetings of one axis that has others behind it."""
    rest = (slice(None),) * behind
    return tuple(Meeting((*windows, *rest), (*positions, *rest)) for windows, positions in meetings((axis,)))
