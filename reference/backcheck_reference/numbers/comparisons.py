"""Comparisons and choices on arrays of exact numbers, plain or hulls, as the front ends of PyTorch and JAX make them.

A floating-point value is an object array of exact numbers; integers and booleans are ordinary arrays, except where a
hull leaves a comparison open: such a boolean is the ball [0, 1].
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.lazy import is_ball
from backcheck_reference.numbers.balls import Hull, Undecidable, watched
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.open_comparisons import OPPOSITES, compare_middles
from backcheck_reference.numbers.scalar_functions import each


def hulls(*values: Any) -> bool:
    return any(isinstance(value, Hull) for value in values)


def exact(*values: np.ndarray) -> bool:
    return any(value.dtype == object for value in values)


def boxed(result: Any) -> np.ndarray:
    """NumPy hands out the bare element of an object array without axes; here it stays an array."""
    return pack((), [result]).view(np.ndarray) if is_ball(result) else np.asanyarray(result)


def decided(values: Any) -> np.ndarray:
    """A mask, an index or a condition as it is. Raises Undecidable where it hangs on a comparison that is open."""
    if np.asarray(values).dtype == object:
        raise Undecidable("a choice by a comparison of balls that overlap")
    return np.asarray(values)


def unrounded(loop: np.ufunc) -> Callable[..., np.ndarray]:
    """A loop whose values are whole numbers or among those it is given: on hulls they are not widened."""

    def run(*arrays: Any, **_: Any) -> np.ndarray:
        plain = (array.view(np.ndarray) if isinstance(array, np.ndarray) else array for array in arrays)
        return watched(boxed(loop(*plain)), *arrays)

    return run


def _comparison(ufunc: np.ufunc) -> Callable[..., Any]:
    by_middles = compare_middles(ufunc)
    return lambda a, b, **_: ufunc(a, b) if hulls(a, b) else by_middles(a, b)


greater, less, greater_equal, less_equal, equal, unequal = map(_comparison, OPPOSITES)


def _one_larger(a: Any, b: Any) -> Any:
    """One of the two itself, not the ball that holds both as `arb.max` gives: a plain `==` must find it again."""
    if a > b or a.is_nan():
        return a
    return b if b > a or b.is_nan() or b.mid() > a.mid() else a


def _one_smaller(a: Any, b: Any) -> Any:
    if a < b or a.is_nan():
        return a
    return b if b < a or b.is_nan() or b.mid() < a.mid() else a


def _choice(ufunc: np.ufunc, at_least: np.ufunc, one_of: Callable[[Any, Any], Any]) -> Callable[..., np.ndarray]:
    loop = each(one_of, 2)

    def choose(a: Any, b: Any, **_: Any) -> np.ndarray:
        if not exact(a, b) or hulls(a, b):
            return boxed(ufunc(a, b))
        first, second = at_least(a, b), at_least(b, a)
        # where all is decided, as mostly, the compiled loops are four times as fast
        return boxed(np.where(first, a, b) if np.all(first | second) else loop(a, b))

    return choose


larger = _choice(np.maximum, np.greater_equal, _one_larger)
smaller = _choice(np.minimum, np.less_equal, _one_smaller)
