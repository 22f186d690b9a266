"""Windows of which the output size is given, one by one along each axis: those of PyTorch's adaptive pooling.

Of n windows along a length window o goes from floor(o length / n) to ceil((o + 1) length / n): all of it for n = 1,
pieces of equal length where n divides it, and else pieces that overlap. Pooling goes along one axis after the other,
the last first, as in `along`.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np

from scratch_bp.elementary import like, zeros_of
from scratch_bp.rules.convolution.windows import Index, Number, Sizes, spread
from scratch_bp.rules.extremes import first_largest


def sizes_of(rule: str, output_size: Number, axes: int) -> Sizes:
    return spread(rule, "output_size", output_size, axes, 1)


def largest(x: np.ndarray, sizes: Sizes) -> tuple[np.ndarray, ...]:
    """x, and after each axis, the last first, the maxima."""
    values = [x]
    for axis, size in _last_first(x, sizes):
        pieces = windows(x.shape[axis], size, axis)
        values.append(_joined([values[-1][piece].max(axis=axis, keepdims=True) for piece in pieces], axis))
    return tuple(values)


def give_largest(values: tuple[np.ndarray, ...], dy: np.ndarray, sizes: Sizes) -> np.ndarray:
    """dx: each window's dy to its first largest entry."""
    steps = [*zip(pairwise(values), _last_first(dy, sizes), strict=True)]
    for (x, y), (axis, size) in reversed(steps):
        dx = zeros_of(dy, x.shape)
        for piece, one in zip(windows(x.shape[axis], size, axis), windows(size, size, axis), strict=True):
            dx[piece] += winner(x[piece], y[one], dy[one], axis)
        dy = dx
    return dy


def means(x: np.ndarray, sizes: Sizes) -> np.ndarray:
    for axis, size in _last_first(x, sizes):
        pieces = windows(x.shape[axis], size, axis)
        x = _joined([x[piece].mean(axis=axis, keepdims=True) for piece in pieces], axis)
    return x


def give_means(dy: np.ndarray, lengths: Sizes, sizes: Sizes) -> np.ndarray:
    """dx: each window's dy shared out over its entries."""
    for (axis, size), length in reversed([*zip(_last_first(dy, sizes), reversed(lengths), strict=True)]):
        dx = zeros_of(dy, (*dy.shape[:axis], length, *dy.shape[axis + 1 :]))
        for piece, one in zip(windows(length, size, axis), windows(size, size, axis), strict=True):
            dx[piece] += dy[one] / (piece[axis].stop - piece[axis].start)
        dy = dx
    return dy


def winner(x: np.ndarray, y: np.ndarray, dy: np.ndarray, axis: int) -> np.ndarray:
    """dy at the first entry along the axis that is y, the largest; 0 elsewhere. y and dy have 1 on that axis."""
    if x.dtype == object:
        return dy * first_largest(x, axis)
    places = np.arange(x.shape[axis]).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    return np.where(places == (x == y).argmax(axis=axis, keepdims=True), dy, like(dy, 0))


@lru_cache(maxsize=1024)
def windows(length: int, number: int, axis: int) -> tuple[Index, ...]:
    """The index of each window along an axis."""
    ends = ((o * length // number, -(-(o + 1) * length // number)) for o in range(number))
    return tuple((*(slice(None),) * axis, slice(start, stop)) for start, stop in ends)


def _last_first(x: np.ndarray, sizes: Sizes) -> list[tuple[int, int]]:
    """Each axis and its output size."""
    return [*zip(range(x.ndim - 1, 1, -1), reversed(sizes), strict=True)]


def _joined(parts: list[np.ndarray], axis: int) -> np.ndarray:
    return np.concatenate(parts, axis=axis)
