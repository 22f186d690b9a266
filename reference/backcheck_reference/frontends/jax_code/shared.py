"""What the evaluations of JAX's primitives on exact numbers share.

A floating-point value is an `object` array of exact numbers, plain or a `Hull`; integers and booleans are ordinary
arrays, except where a hull leaves a comparison open: such a boolean is the ball [0, 1]. Plain arrays compare the
midpoints of their balls, as floats of that precision would, so that of several equal numbers `max` chooses one and
`==` finds it again.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.balls import Hull, Undecidable, watched
from backcheck_reference.numbers.literals import meant

Array = np.ndarray
Evaluation = Callable[..., Any]


def packed(shape: tuple[int, ...], numbers: list[Any]) -> Array:
    """A plain object array from its elements in order, without axes too."""
    array = np.empty(shape, dtype=object)
    array.reshape(-1)[:] = numbers
    return array


def number(value: float) -> Array:
    """One exact number as an array."""
    return packed((), [flint.arb(value)])


def boxed(result: Any) -> Array:
    """NumPy hands out the bare element of an object array without axes; here it stays an array."""
    return packed((), [result]) if type(result) in (flint.arb, flint.acb) else np.asanyarray(result)


def exactly(array: Any) -> Array:
    """Numbers of any kind as exact ones. A floating-point constant without axes is read as its author meant it."""

    def made(value: Any) -> Any:
        return value if type(value) in (flint.arb, flint.acb) else flint.arb(int(value))

    array = np.asarray(array)
    if array.dtype == object:
        return array if all(type(value) in (flint.arb, flint.acb) for value in array.flat) else _each(made, array)
    if array.dtype.kind in "iub":
        return packed(array.shape, [flint.arb(int(value)) for value in array.flat])
    if array.dtype.kind == "c":
        parts = [exactly(part).ravel().tolist() for part in (array.real, array.imag)]
        return packed(array.shape, list(map(flint.acb, *parts)))
    values = array.astype(np.float64).ravel().tolist()
    return packed(array.shape, [(flint.arb if array.ndim else meant)(value) for value in values])


def _each(function: Callable[[Any], Any], array: Array) -> Array:
    return packed(array.shape, [function(value) for value in array.view(np.ndarray).flat])


def balls(array: Array) -> Array:
    """Any array as exact numbers; one that holds such stays what it is, hull or plain."""
    return array if array.dtype == object else exactly(array)


def decided(values: Any) -> Array:
    """Indices and conditions as they are. Raises Undecidable where they hang on a comparison that is not decided."""
    if np.asarray(values).dtype == object:
        raise Undecidable("a choice by a comparison of balls that overlap")
    return np.asarray(values)


def hulls(*values: Any) -> bool:
    return any(isinstance(value, Hull) for value in values)


def exact(*values: Array) -> bool:
    return any(value.dtype == object for value in values)


def middles(x: Array) -> Array:
    """The midpoints of balls in a plain array, which have an order; integers and booleans as they are."""
    return _each(lambda ball: ball.mid(), x) if x.dtype == object else x


def truth(function: Callable[[Any], bool], x: Array) -> Array:
    """A yes or no about each ball, whatever its width."""
    return _each(function, x).astype(bool)


def _comparison(ufunc: np.ufunc) -> Evaluation:
    return lambda a, b, **_: ufunc(a, b) if hulls(a, b) else ufunc(middles(a), middles(b))


greater, less = _comparison(np.greater), _comparison(np.less)
greater_equal, less_equal = _comparison(np.greater_equal), _comparison(np.less_equal)
_equal, _unequal = _comparison(np.equal), _comparison(np.not_equal)


def equal(a: Array, b: Array, **_: Any) -> Any:
    """Code that compares a value with itself asks for NaN, and gets an answer also for wide balls."""
    return ~truth(lambda ball: ball.is_nan(), a) if a is b and exact(a) else _equal(a, b)


def unequal(a: Array, b: Array, **_: Any) -> Any:
    return truth(lambda ball: ball.is_nan(), a) if a is b and exact(a) else _unequal(a, b)


# one of the two itself, not the ball that holds both as `arb.max` gives: a plain `==` must find it again
_one_larger = np.frompyfunc(lambda a, b: a if a.mid() >= b.mid() else b, 2, 1)
_one_smaller = np.frompyfunc(lambda a, b: a if a.mid() <= b.mid() else b, 2, 1)


def larger(a: Array, b: Array, **_: Any) -> Array:
    return boxed((_one_larger if exact(a, b) and not hulls(a, b) else np.maximum)(a, b))


def smaller(a: Array, b: Array, **_: Any) -> Array:
    return boxed((_one_smaller if exact(a, b) and not hulls(a, b) else np.minimum)(a, b))


def select(which: Array, *cases: Array, **_: Any) -> Any:
    """JAX's select_n: at each entry the case of that number; both where a hull cannot say."""
    if which.dtype == object:
        return np.where(watched(which, *cases), balls(cases[1]), balls(cases[0]))
    chosen = cases[0]
    for at, case in enumerate(cases[1:], start=1):
        chosen = np.where(np.equal(which, at), case, chosen)
    return chosen
