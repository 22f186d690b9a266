"""What the evaluations of PyTorch's operators on exact numbers share.

An operator gets NumPy arrays: `object` arrays of balls where PyTorch has floats, integers and booleans as they are. A
boolean array may be an object array too, with the ball [0, 1] where a comparison of hulls cannot be decided.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import methodcaller
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.balls import Hull, Undecidable, watched
from backcheck_reference.numbers.literals import meant
from backcheck_reference.numbers.scalar_functions import each

Array = np.ndarray
Operator = Callable[..., Any]


def unavailable(why: str) -> Unavailable:
    """The exception to raise where code leaves exact numbers."""
    return Unavailable(f"exact arithmetic is not available for this function: {why}")


def number(value: Any) -> Any:
    """A scalar that the code says as an exact number; booleans, strings and None stay what they are."""
    if isinstance(value, complex):
        return flint.acb(meant(value.real), meant(value.imag))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return flint.arb(value) if isinstance(value, int) else meant(value)


def lift(array: Array) -> Array:
    """Any array as exact numbers."""
    if array.dtype == object:
        return array
    if array.dtype.kind == "f":
        return exact.lift(array) if array.ndim else exact.pack((), [meant(float(array))])
    if array.dtype.kind == "c":
        values = array.ravel().tolist()
        return exact.pack(array.shape, list(map(flint.acb, values)) if array.ndim else [number(values[0])])
    return exact.pack(array.shape, [flint.arb(int(value)) for value in array.ravel()])


def blank(shape: Iterable[int], *sources: Any, fill: Any = 0) -> Array:
    """An array of one number that can be written into: a hull where a source is one."""
    fill = number(fill)
    made = fill if type(fill) is flint.acb else flint.arb(fill)
    return watched(np.full(tuple(shape), made, dtype=object), *sources)


def writable(array: Array, *sources: Any) -> Array:
    """A copy that can be written into: a hull where the array or a source is one."""
    return watched(np.array(lift(array), copy=True, subok=True), array, *sources)


def decided(mask: Array) -> Array:
    """A mask or an index that chooses entries. Raises Undecidable where a comparison could go either way."""
    if mask.dtype == object:
        raise Undecidable("a choice of entries by a comparison of balls that overlap")
    return mask


def axes(dim: Any, ndim: int) -> tuple[int, ...]:
    """Dimensions as PyTorch takes them: a number, a list, or nothing for all."""
    if dim is None or (isinstance(dim, list | tuple) and not dim):
        return tuple(range(ndim))
    return tuple(each % ndim for each in (dim if isinstance(dim, list | tuple) else [dim])) if ndim else ()


def _logistic(x: Any) -> Any:
    """1 / (1 + exp(-x)), on either side of 0 by the form whose exponential is at most 1."""
    if type(x) is flint.acb or x.mid() >= 0:
        return 1 / (1 + (-x).exp())
    small = x.exp()
    return small / (1 + small)


erf, logistic = each(methodcaller("erf")), each(_logistic)
# -inf of an exact zero, as on floats: arb says nan there
log = each(lambda x: flint.arb("-inf") if x == 0 else x.log())


def _middles(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return np.asarray(_middle(np.asarray(x).view(np.ndarray)), dtype=object) if x.dtype == object else x
    return flint.arb(x).mid()


_middle = each(methodcaller("mid"))


def _compare(ufunc: np.ufunc) -> Operator:
    """Hulls may answer [0, 1]; other balls are compared by their middles, as floats of that precision would be.

    So a maximum equals the number that it was chosen from, which cannot be proved of two balls with a width.
    """

    def compare(a: Any, b: Any) -> Any:
        if isinstance(a, Hull) or isinstance(b, Hull):
            return ufunc(a, b)
        return np.asarray(ufunc(_middles(a), _middles(b)), dtype=bool)

    return compare


gt, lt, ge, le = map(_compare, (np.greater, np.less, np.greater_equal, np.less_equal))
ne, _overlapping = _compare(np.not_equal), _compare(np.equal)


def eq(a: Any, b: Any) -> Any:
    return np.ones(np.shape(a), dtype=bool) if a is b else _overlapping(a, b)


def _exp_below_0(x: Any) -> Any:
    """exp of what is not above 0, also where its ball is so wide that it reaches there: of -1e308 less a little."""
    found = x.exp()
    return found if found.is_finite() and found.rad() < 1 else flint.arb(0.5, 0.5)


def log_sum_of_two(a: Any, b: Any) -> Any:
    top = np.maximum(a, b)
    # of two that are -inf the difference is no number
    apart = np.where(eq(a, b), flint.arb(0), np.minimum(a, b) - top)
    return top + np.log1p(each(_exp_below_0)(apart))


def along_last(x: Array, tables: Sequence[Array]) -> Array:
    """The last axes multiplied by a matrix each."""
    for axis, table in enumerate(tables, start=x.ndim - len(tables)):
        x = np.moveaxis(np.matmul(np.moveaxis(x, axis, -1), table), -1, axis)
    return x
