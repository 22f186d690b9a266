"""Windows of which the output size is given: those of PyTorch's adaptive pooling.

Of n windows along a length window o goes from floor(o length / n) to ceil((o + 1) length / n): all of it for n = 1,
pieces of equal length where n divides it, and else pieces that overlap. They differ in size, so that each
is pooled by itself.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from scratch_bp.elementary import constants_like, matmul, widened, zeros_of
from scratch_bp.rules.axes import Place
from scratch_bp.rules.convolution.windows import Sizes
from scratch_bp.rules.extremes import first_largest


def largest(x: np.ndarray, sizes: Sizes) -> np.ndarray:
    """The maximum of each window."""
    y = zeros_of(x, (*x.shape[:2], *sizes))
    for at, entries in _windows(x.shape[2:], sizes):
        y[at] = x[entries].max(axis=tuple(range(2, x.ndim)))
    return y


def give_largest(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dx: each window's dy to its first largest entry."""
    dx = zeros_of(dy, x.shape)
    for at, entries in _windows(x.shape[2:], dy.shape[2:]):
        window = x[entries]
        first = first_largest(window.reshape(*window.shape[:2], -1), 2)
        dx[entries] += (first * dy[at][..., None]).reshape(window.shape)
    return dx


def means(x: np.ndarray, sizes: Sizes) -> np.ndarray:
    """The mean of each window: a product with a matrix along each axis, since the mean of a window is that of its rows'
    means. An infinite entry makes NaN of the other windows of its line, which it does not touch in PyTorch.
    """
    y = widened(x)
    for axis, size in enumerate(sizes, start=2):
        y = _along(axis, y, _weights(y, x.shape[axis], size))
    return y.astype(x.dtype, copy=False)


def give_means(dy: np.ndarray, shape: Sizes) -> np.ndarray:
    """dx, in its shape: each window's dy shared out over its entries."""
    dx = widened(dy)
    for axis in range(2, len(shape)):
        dx = _along(axis, dx, _weights(dx, shape[axis], dy.shape[axis]).T)
    return dx.astype(dy.dtype, copy=False)


def _weights(x: np.ndarray, length: int, number: int) -> np.ndarray:
    """The matrix [window, position] of the means along one axis, in the numbers of x."""
    inside = np.zeros((number, length))
    for row, piece in zip(inside, _pieces(length, number), strict=True):
        row[piece] = 1
    return np.asarray(constants_like(x, inside) / constants_like(x, inside.sum(axis=1, keepdims=True)))


def _along(axis: int, x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The product of a matrix with each line of x along an axis."""
    return matmul(x.swapaxes(axis, -1), matrix.T).swapaxes(axis, -1)


def _pieces(length: int, number: int) -> list[slice]:
    """The windows along one axis."""
    return [slice(o * length // number, -(-(o + 1) * length // number)) for o in range(number)]


def _windows(lengths: Sizes, sizes: Sizes) -> Iterator[tuple[Place, Place]]:
    """The index of each window in y, and that of its entries in x."""
    every = (slice(None), slice(None))
    pieces = [_pieces(length, size) for length, size in zip(lengths, sizes, strict=True)]
    for at, entries in zip(product(*map(range, sizes)), product(*pieces), strict=True):
        yield (*every, *at), (*every, *entries)
