"""Exact numbers: `object` arrays of `flint.arb`, balls of 256 bits and more that carry their own error.

What is computed on them has no rounding in the way. Code that turns them into floats is refused.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, flint

Arrays = Mapping[str, np.ndarray]
Function = Callable[[Arrays], np.ndarray]

# (bits, h = 2^-step). The later pairs are for numbers of 1e+-30, for kinks nearer than h, and for subnormals.
LADDER = ((256, 112), (1280, 400), (4608, 1400))
RESOLVED = 1e-30
# Exact answers further apart than this part are two answers; one-sided slopes further apart are a kink.
SAME = 1e-20
# Code with constants such as 3 * 0.044715 or 2 / n is exact up to their rounding only. No wrong rule comes this close.
FLOAT_CONSTANTS = 2.0**-46
NO_EXACT = "exact arithmetic is not available for this code: "
NOTHING = 1104  # 2^-1104 is less than any float64 times any entry of a direction
ROUGH = 64  # bits for sums of sizes, and for numbers that come from a float64


class Bits:
    """The block that `bits` gives: one check enters some fifty, and a generator would take three times as long."""

    __slots__ = ("before", "precision")

    def __init__(self, precision: int) -> None:
        self.precision = precision

    def __enter__(self) -> None:
        context = flint.ctx
        self.before, context.prec = context.prec, self.precision

    def __exit__(self, *_: Any) -> None:
        flint.ctx.prec = self.before


def bits(precision: int) -> Bits:
    """Run the block with balls of this many bits."""
    return Bits(precision)


def lift(array: np.ndarray) -> np.ndarray:
    """A floating-point array as exact numbers; index arrays stay as they are."""
    if array.dtype.kind in "iub":
        return array
    return pack(array.shape, list(map(flint.arb, array.astype(np.float64).ravel().tolist())))


class Scalar(np.ndarray):
    """An object array without axes that stays an array: NumPy would hand out its bare element after every operation."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        plain = [each.view(np.ndarray) if isinstance(each, Scalar) else each for each in inputs]
        return _boxed(getattr(ufunc, method)(*plain, **options), _kinds(inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _boxed(super().__array_function__(function, types, args, kwargs), _kinds((self,)))


def _kinds(arrays: Sequence[Any]) -> set[type]:
    """The types of the numbers in arrays without axes. `np.full_like(scalar, 0, shape=(2,))` is a Scalar with axes."""
    return {type(each.item()) for each in arrays if isinstance(each, Scalar) and each.ndim == 0}


def _boxed(result: Any, kinds: set[type]) -> Any:
    """A number of the kind that went in as an array; a truth value or a tuple stays what it is."""
    return pack((), [result]) if type(result) in kinds else _as_scalar(result)


def _as_scalar(result: Any) -> Any:
    without_axes = isinstance(result, np.ndarray) and result.dtype == object and result.ndim == 0
    return result.view(Scalar) if without_axes else result


def pack(shape: tuple[int, ...], numbers: list[Any]) -> np.ndarray:
    """An object array of a shape from its elements in order."""
    packed: np.ndarray = _as_scalar(np.fromiter(numbers, dtype=object, count=len(numbers)).reshape(shape))
    return packed


def middles(array: np.ndarray) -> np.ndarray:
    """The midpoints of an array of balls, as exact numbers in a plain array."""
    return each_ball(lambda ball: ball.mid(), array) if array.dtype == object else array


def each_ball(function: Callable[[Any], Any], array: np.ndarray) -> np.ndarray:
    return pack(array.shape, [function(value) for value in array.view(np.ndarray).ravel()])


def to_float(array: np.ndarray) -> np.ndarray:
    """The midpoints of an array of balls, rounded to float64."""
    array = np.asarray(array, dtype=object).view(np.ndarray)
    numbers = map(float, array.ravel().tolist())
    return np.fromiter(numbers, dtype=np.float64, count=array.size).reshape(array.shape)


def zeros(array: np.ndarray) -> np.ndarray:
    """Which balls of an array cannot be told from zero."""
    numbers = np.asarray(array, dtype=object).view(np.ndarray)
    nothing = flint.arb(0)
    found = [each.overlaps(nothing) for each in numbers.ravel().tolist()]
    return np.fromiter(found, dtype=bool, count=numbers.size).reshape(numbers.shape)


def unseen(array: np.ndarray) -> bool:
    """Does every ball hold zero, and is one of them so wide that it also holds a number that a float64 can be?"""
    numbers = np.asarray(array, dtype=object).view(np.ndarray).ravel().tolist()
    return bool(zeros(array).all()) and any(ball.rad() > flint.arb(2) ** -NOTHING for ball in numbers)


def holds_numbers(array: np.ndarray) -> bool:
    """Are all the elements of an object array exact numbers?"""
    return operator.countOf(map(type, array.view(np.ndarray).ravel().tolist()), flint.arb) == array.size


def require_exact(what: str, array: Any) -> None:
    """Raise Unavailable when an array that should hold exact numbers has been turned into floats on the way."""
    array = np.asarray(array).view(np.ndarray)
    if array.dtype == object and holds_numbers(array):
        return
    others = set(map(type, array.ravel().tolist())) - {flint.arb} if array.dtype == object else {array.dtype}
    if others:
        found = ", ".join(sorted(getattr(other, "__name__", str(other)) for other in others))
        raise Unavailable(f"exact arithmetic is not available for this code: {what} came back as {found}")


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Do the balls of two arrays overlap, place by place? Arrays of different sizes do not, and no ball without a
    bound does: a NaN overlaps everything, and would be taken for the right answer."""
    mine, others = (each.view(np.ndarray).ravel().tolist() for each in (a, b))
    if len(mine) != len(others) or not all(a.overlaps(b) for a, b in zip(mine, others, strict=True)):
        return False
    return all(each.is_finite() for each in (*mine, *others))


class NotFinite(Unavailable):
    """The truth itself is not a finite number."""


class NoSlope(NotFinite):
    """The value and the gradient are finite, and the differences along one direction are not."""


def require_finite(what: str, array: Any) -> None:
    """Raise NotFinite when an exact number has become everything or nothing, as 1 / 0 or the root of a ball at 0."""
    require_exact(what, array)
    if not all(each.is_finite() for each in np.asarray(array, dtype=object).view(np.ndarray).ravel().tolist()):
        raise NotFinite(f"{what} is not a finite number here, even in exact arithmetic")


def finite(array: Any) -> np.ndarray:
    """Which exact numbers of an array are finite. Raises Unavailable where they are floats."""
    require_exact("an answer", array)
    array = np.asarray(array, dtype=object).view(np.ndarray)
    found = [each.is_finite() for each in array.ravel().tolist()]
    return np.fromiter(found, dtype=bool, count=array.size).reshape(array.shape)


def flat(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=object).view(np.ndarray).ravel()


def total(terms: np.ndarray) -> Any:
    """The sum of all entries as one number."""
    return flint.arb(np.add.reduce(flat(terms)))


def dot(a: np.ndarray, b: np.ndarray) -> Any:
    """The sum of the products of all entries as one number."""
    return flint.arb(np.dot(flat(a), flat(b)))
