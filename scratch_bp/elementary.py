"""The few things NumPy lacks for a rule that must run on floats and on exact numbers alike.

A rule's arrays are either floating point or `object` arrays whose elements are numbers with methods of their own
(`flint.arb` is the one the project uses). NumPy sends `np.exp(a)` to `a.exp()` by itself; what it does not send, or
what would silently become float64, goes through here.
"""

import math

import numpy as np
from scipy.special import erf as _float_erf

_object_erf = np.frompyfunc(lambda value: value.erf(), 1, 1)


def erf(x: np.ndarray) -> np.ndarray:
    """The error function, elementwise, in the numbers of `x`."""
    x = np.asanyarray(x)
    if x.dtype == object:
        return _object_erf(x)
    # SciPy has no half-precision erf: go through float32 and come back to the caller's dtype
    return _float_erf(x) if x.dtype.itemsize >= 4 else _float_erf(x.astype(np.float32)).astype(x.dtype)


def like(x: np.ndarray, constant: float):
    """`constant` as one number of the kind that `x` holds (an int would stay an int in an object array)."""
    x = np.asanyarray(x)  # NumPy hands out bare elements for object arrays without axes
    if x.dtype == object:
        return type(x.flat[0])(constant) if x.size else constant
    return x.dtype.type(constant)


def zeros_like(x: np.ndarray) -> np.ndarray:
    """Zeros of the kind that `x` holds: those of np.zeros_like would be ints in an object array."""
    x = np.asanyarray(x)
    return np.full_like(x, like(x, 0)) if x.size else x.copy()


def sqrt_of(x: np.ndarray, constant: float):
    """The square root of `constant` to the full precision of the numbers in `x`."""
    x = np.asanyarray(x)
    return like(x, constant).sqrt() if x.dtype == object and x.size else like(x, math.sqrt(constant))


def pi(x: np.ndarray):
    """Pi to the full precision of the numbers in `x`."""
    x = np.asanyarray(x)
    return type(x.flat[0]).pi() if x.dtype == object and x.size else like(x, math.pi)


def sum_to(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting: sum `a` over the axes along which an array of `shape` was repeated. Returns `shape`.

    The vector-Jacobian product of `np.broadcast_to`, and the one place where the project undoes broadcasting.
    """
    a = np.asanyarray(a)
    if a.shape == shape:
        return a
    lead = a.ndim - len(shape)
    stretched = tuple(i + lead for i, n in enumerate(shape) if n == 1 and a.shape[i + lead] != 1)
    return a.sum(axis=(*range(lead), *stretched), keepdims=True).reshape(shape)


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)) without overflow on either side: both forms are written in z = exp(-|x|) <= 1."""
    x = np.asanyarray(x)
    z = np.exp(-abs(x))
    # both select 1 or z, since 0 <= z <= 1; on floats np.where takes twice as long, mispredicting every other sign
    numerator = np.where(x >= 0, like(x, 1), z) if x.dtype == object else np.maximum(z, x >= 0)
    return np.asanyarray(numerator / (1 + z))


def zeros_of(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of the kind that `x` holds, in another shape."""
    return np.full_like(x, like(x, 0), shape=shape) if x.dtype == object else np.zeros(shape, x.dtype)
