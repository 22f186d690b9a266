"""The few things NumPy lacks for a rule that must run on floats and on exact numbers alike.

A rule's arrays are either floating point or `object` arrays whose elements are numbers with methods of their own
(`flint.arb` is the one the project uses). NumPy sends `np.exp(a)` to `a.exp()` by itself; what it does not send, or
what would silently become float64, goes through here.
"""

import math
from typing import Any

import numpy as np
from scipy.special import erf as _float_erf

_object_erf = np.frompyfunc(lambda value: value.erf(), 1, 1)
_object_erfc = np.frompyfunc(lambda value: value.erfc(), 1, 1)


def rounded(x: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """`x` as an array of this dtype: NumPy hands out a bare element for an object array without axes."""
    array: np.ndarray = np.asanyarray(x)
    return array if array.dtype == dtype else np.asanyarray(array.astype(dtype))


def widened(x: np.ndarray) -> np.ndarray:
    """Numbers of 16 bits in float32, in which what is squared or added up does not overflow; others as they are."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def erf(x: np.ndarray) -> np.ndarray:
    """The error function, elementwise, in the numbers of `x`."""
    x = np.asanyarray(x)
    # SciPy has no half-precision erf
    return rounded(_object_erf(x) if x.dtype == object else _float_erf(widened(x)), x.dtype)


def erfc(x: np.ndarray) -> np.ndarray:
    """1 - erf(x), elementwise, on exact numbers."""
    return np.asanyarray(_object_erfc(x))


def like(x: np.ndarray, constant: float) -> Any:
    """`constant` as one number of the kind that `x` holds (an int would stay an int in an object array)."""
    x = np.asanyarray(x)
    if x.dtype == object:
        return type(x.flat[0])(constant) if x.size else constant
    return x.dtype.type(constant)


def constants_like(x: np.ndarray, constants: np.ndarray) -> np.ndarray:
    """An array of float64 `constants` in the numbers that `x` holds, each rounded once."""
    x = np.asanyarray(x)
    if x.dtype != object:
        return rounded(constants, x.dtype)
    lifted = np.empty(constants.shape, dtype=object)
    lifted.ravel()[:] = [like(x, constant) for constant in constants.ravel().tolist()]
    return lifted


def zeros_like(x: np.ndarray) -> np.ndarray:
    """Zeros of the kind that `x` holds: those of np.zeros_like would be ints in an object array."""
    x = np.asanyarray(x)
    return full_of(x, 0, x.shape)


def zeros_of(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of the kind that `x` holds, in another shape."""
    return np.full_like(x, like(x, 0), shape=shape) if x.dtype == object else np.zeros(shape, x.dtype)


def full_of(x: np.ndarray, constant: float, shape: tuple[int, ...]) -> np.ndarray:
    """`constant` in each place of another shape, in the numbers that `x` holds."""
    return np.full_like(x, like(x, constant), shape=shape)


def sign(x: np.ndarray) -> np.ndarray:
    """-1, 0 or 1. For a ball around 0 neither sign is known and it is 0; np.sign would raise there."""
    x = np.asanyarray(x)
    if x.dtype != object:
        return np.asanyarray(np.sign(x))
    return np.asanyarray(np.where(x > 0, like(x, 1), np.where(x < 0, like(x, -1), like(x, 0))))


def sqrt_of(x: np.ndarray, constant: float) -> Any:
    """The square root of `constant` to the full precision of the numbers in `x`."""
    x = np.asanyarray(x)
    return like(x, constant).sqrt() if x.dtype == object and x.size else like(x, math.sqrt(constant))


def pi(x: np.ndarray) -> Any:
    """Pi to the full precision of the numbers in `x`."""
    x = np.asanyarray(x)
    return type(x.flat[0]).pi() if x.dtype == object and x.size else like(x, math.pi)


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The matrix product in the dtype of `a`: NumPy returns float32 for bfloat16."""
    return rounded(a @ b, a.dtype)


def sum_to(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting: sum `a` over the axes along which an array of `shape` was repeated. Returns `shape`.

    The vector-Jacobian product of `np.broadcast_to`, and the one place where the project undoes broadcasting.
    """
    a = np.asanyarray(a)
    if a.shape == shape:
        return a
    lead = a.ndim - len(shape)
    stretched = tuple(i + lead for i, n in enumerate(shape) if n == 1 and a.shape[i + lead] != 1)
    total: np.ndarray = a.sum(axis=(*range(lead), *stretched), keepdims=True)
    return total.reshape(shape)


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)) without overflow on either side: both forms are written in z = exp(-|x|) <= 1."""
    x = np.asanyarray(x)
    return logistic_by(x >= 0, np.exp(-abs(x)))


def logistic_by(positive: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The same where z = exp(-|x|) is there already: 1 / (1 + z) where x is positive and z / (1 + z) elsewhere."""
    return np.asanyarray(np.where(positive, like(z, 1), z) / (1 + z))


def zero_unless(condition: np.ndarray, a: np.ndarray) -> np.ndarray:
    """np.where(condition, a, 0)."""
    a = np.asanyarray(a)
    if a.dtype == object:
        return np.asanyarray(np.where(condition, a, like(a, 0)))
    # The bits are multiplied by 0 or 1. np.where would do, but the processor guesses each entry of the condition before
    # it is read, and guesses wrong on every other random sign: relu took five times as long. A product of the floats
    # themselves is not 0 for an infinite entry.
    bits: np.ndarray = a.view(f"i{a.itemsize}")
    product: np.ndarray = np.asanyarray(bits * condition)
    return product.view(a.dtype)


def clip(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """min(max(x, low), high); either end may be infinite. (np.clip returns float32 for bfloat16.)"""
    return np.asanyarray(np.minimum(np.maximum(x, like(x, low)), like(x, high)))


def power(x: np.ndarray, exponent: float) -> np.ndarray:
    """x to a number, as an array of its own."""
    if x.dtype != object:
        return np.asanyarray(np.power(x, like(x, exponent)))
    return np.asanyarray(x ** (int(exponent) if exponent == int(exponent) else exponent))


def sum_over(x: np.ndarray, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """The sum over these axes. Numbers of 16 bits are added up in float32 and rounded once."""
    return rounded(widened(x).sum(axes, keepdims=keepdims), x.dtype)


def mean_over(x: np.ndarray, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """The mean over these axes. Numbers of 16 bits are rounded once, after the division."""
    count = math.prod([x.shape[axis] for axis in axes])
    return rounded(widened(x).sum(axes, keepdims=keepdims) / count, x.dtype)


def products_over(a: np.ndarray, b: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The sum of the products a b over these axes, which are kept."""
    return np.asanyarray(np.asanyarray(a * b).sum(axes, keepdims=True))


def repeated(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`a` broadcast to `shape` as an array of its own: what sum_to undoes."""
    return np.broadcast_to(a, shape).copy()
