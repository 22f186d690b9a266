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


def sum_over(x: np.ndarray, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """The sum over these axes. Numbers of 16 bits are added up in float32 and rounded once."""
    if x.dtype.itemsize == 2:
        return np.asanyarray(x.sum(axes, np.float32, keepdims=keepdims).astype(x.dtype))
    return np.asanyarray(x.sum(axes, keepdims=keepdims))


def mean_over(x: np.ndarray, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """The mean over these axes. Numbers of 16 bits are rounded once, after the division."""
    count = math.prod([x.shape[axis] for axis in axes])
    if x.dtype.itemsize == 2:
        return np.asanyarray((x.sum(axes, np.float32, keepdims=keepdims) / count).astype(x.dtype))
    return np.asanyarray(x.sum(axes, keepdims=keepdims) / count)


def products_over(a: np.ndarray, b: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The sum of the products a b over these axes, which are kept; of floats without an array of all products."""
    first = a.ndim - len(axes)
    if a.dtype == object or axes != tuple(range(first, a.ndim)) or not axes:
        return (a * b).sum(axes, keepdims=True)
    rows = (*a.shape[:first], -1)
    return np.vecdot(a.reshape(rows), b.reshape(rows)).reshape(*a.shape[:first], *(1,) * len(axes))


def repeated(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`a` broadcast to `shape` as an array of its own: what sum_to undoes."""
    if a.dtype == object:
        return np.broadcast_to(a, shape).copy()
    out = np.empty(shape, a.dtype)
    out[...] = a
    return out


def widened(x: np.ndarray) -> np.ndarray:
    """Numbers of 16 bits in float32, in which what is squared or added up does not overflow; others as they are."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x
