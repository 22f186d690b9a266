"""What arrays hold that show faults of kernels: sums without rounding, long rows that cancel, the ends of the dtype.

whole: sums of products that are exact in any order. Let b be the bits of the numbers that are summed in, float32 for
narrower dtypes. An array of P entries holds integers of at most k with P k^2 <= 2^b, another of Q entries integers of
at most l with Q l^2 <= 2^b. A sum of products of their entries in which none occurs twice has at most min(P, Q) terms,
which is at most sqrt(P Q). So every part of it is an integer of at most sqrt(P Q) k l <= 2^b, which is exact, and a
linear kernel is right to the bit, up to one rounding of its result. Half of the entries are powers of two.
"""

from collections.abc import Callable, Mapping
from math import ceil, isqrt, log2, prod

import numpy as np

from backcheck.float_format import FORMATS, FloatFormat

Shape = tuple[int, ...]
MOST_BITS = 8  # of one entry: exact in bfloat16, and in tf32, to which some kernels round factors


def most_whole(shape: Shape, limits: FloatFormat) -> int:
    """The largest integer among the entries of a `whole` array: at least 1."""
    sums = max(limits.bits, FORMATS["float32"].bits) + 1
    one: int = 2 ** min(MOST_BITS, limits.bits + 1)
    return max(1, min(isqrt(2**sums // max(prod(shape), 1)), one))


def _whole(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    most = most_whole(shape, limits)
    powers = 2.0 ** rng.integers(0, most.bit_length(), shape)
    return _signs(rng, shape) * np.where(rng.random(shape) < 0.5, powers, rng.integers(0, most + 1, shape))


def _cancelling(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Every row has pairs of large numbers that cancel, and an ordinary one or two that are the sum.

    They are so large that a sum in the dtype itself loses the ordinary ones altogether.
    """
    rows = _rows(rng.standard_normal(shape))
    pairs = max(rows.shape[1] - 1, 0) // 2
    large = np.ldexp(rng.uniform(1, 2, (len(rows), pairs)), limits.bits + 1)
    large = np.ldexp(np.rint(np.ldexp(large, -2)), 2)  # few bits, so that a number and its opposite stay opposites
    rows[:, :pairs], rows[:, pairs : 2 * pairs] = large, -large
    return rng.permuted(rows, axis=1).reshape(shape)


def _ends(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Numbers so large that the sum of a row is just finite, and some of the smallest normal ones."""
    large = np.ldexp(rng.uniform(1, 2, shape), limits.greatest - 1 - _bits_of_row(shape))
    small = np.ldexp(rng.uniform(1, 2, shape), limits.least)
    return _signs(rng, shape) * np.where(rng.random(shape) < 0.25, small, large)


def _large(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Numbers so large that the sum of the squares of a row is just finite."""
    return _signs(rng, shape) * np.ldexp(rng.uniform(1, 2, shape), (limits.greatest - 3 - _bits_of_row(shape)) // 2)


def _zero_rows(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Ordinary numbers; some rows, one at least, are zero."""
    rows = _rows(rng.standard_normal(shape))
    rows[rng.random(len(rows)) < 0.3] = 0
    if len(rows):
        rows[rng.integers(len(rows))] = 0
    return rows.reshape(shape)


def _one_hot(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """One number in each row, the others zero."""
    rows = _rows(rng.standard_normal(shape))
    if rows.size:
        chosen = rng.integers(rows.shape[1], size=(len(rows), 1))
        rows[np.arange(rows.shape[1]) != chosen] = 0
    return rows.reshape(shape)


def _masked(rng: np.random.Generator, shape: Shape, limits: FloatFormat) -> np.ndarray:
    """Zeros and minus infinity, as a mask that is added to scores; no row is masked as a whole."""
    rows = np.where(_rows(rng.random(shape)) < 0.4, -np.inf, 0.0)
    if rows.size:
        rows[np.arange(len(rows)), rng.integers(rows.shape[1], size=len(rows))] = 0
    return rows.reshape(shape)


def _rows(values: np.ndarray) -> np.ndarray:
    return np.array(values, dtype=np.float64).reshape(prod(values.shape[:-1]), values.shape[-1] if values.ndim else 1)


def _bits_of_row(shape: Shape) -> int:
    return ceil(log2(max(shape[-1] if shape else 1, 1)))


def _signs(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(1 - 2 * rng.integers(0, 2, shape))


KERNEL_PROFILES: Mapping[str, Callable[[np.random.Generator, Shape, FloatFormat], np.ndarray]] = {
    "whole": _whole,
    "one_hot": _one_hot,
    "zero_rows": _zero_rows,
    "cancelling": _cancelling,
    "large": _large,
    "ends": _ends,
    "masked": _masked,
}
