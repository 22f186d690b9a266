"""Dual numbers over balls: a value and its derivative along one direction, carried through the same code.

(a, a') (b, b') = (a b, a' b + a b'), f(a, a') = (f(a), f'(a) a'). A backward pass run on them gives the Hessian-vector
product beside the gradient: at 256 bits its value, at a dtype's bits how far rounding alone can push it.
"""

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.scalar_functions import FUNCTIONS
from backcheck_reference.numbers.scalars.definition import Formula


@dataclass(slots=True)
class DualWatch:
    """What one run shares: the floor that every result is widened by, the largest number met (`peak`) and the largest
    slope (`steepest`), and whether a comparison could go either way."""

    floor: Any = None
    peak: float = 0.0
    steepest: float = 0.0
    undecided: bool = False


_watches = [DualWatch()]


@contextmanager
def watching(floor: float = 0.0) -> Iterator[DualWatch]:
    """Run the block under a watch of its own. A floor above zero covers underflow, and then the peak is kept too."""
    _watches.append(DualWatch(flint.arb(0, floor) if floor else None))
    try:
        yield _watches[-1]
    finally:
        _watches.pop()


def _operator(result: Callable[["Dual", "Dual"], "Dual"]) -> Callable[["Dual", Any], Any]:
    """An operator whose other operand may be any number; an array goes to NumPy, which comes back entry by entry."""

    def operate(self: "Dual", other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return result(self, other if type(other) is Dual else Dual(other))

    return operate


def _comparison(yes: Callable[..., bool], no: Callable[..., bool]) -> Callable[["Dual", Any], Any]:
    """A comparison of the values; one that the balls leave open answers False and is noted by the watch."""

    def compare(self: "Dual", other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        value = other.value if type(other) is Dual else _ball(other)
        if yes(self.value, value):
            return True
        if not no(self.value, value):
            _watches[-1].undecided = True
        return False

    return compare


def _function(name: str) -> Callable[["Dual"], "Dual"]:
    """A function of one number of the table: f(a), f'(a) a'."""
    value, slope = FUNCTIONS[name].value, cast(Formula, FUNCTIONS[name].slopes[0])

    def run(self: "Dual") -> "Dual":
        y = value(self.value)
        # of a constant it is a constant, also where the slope has no end, as that of a root at 0
        return _made(y, 0 if self.slope == 0 else slope(self.value, y) * self.slope)

    return run


class Dual:
    """A ball and its derivative, with what NumPy's object arrays ask of an element. Compared by value."""

    __slots__ = ("slope", "value")
    __hash__ = None  # type: ignore[assignment]  # the language's own way to say that there is none

    def __init__(self, value: Any, slope: Any = 0) -> None:
        self.value, self.slope = _ball(value), _ball(slope)

    @staticmethod
    def pi() -> "Dual":
        return Dual(flint.arb.pi())

    __add__ = __radd__ = _operator(lambda a, b: _made(a.value + b.value, a.slope + b.slope))
    __mul__ = __rmul__ = _operator(lambda a, b: _made(a.value * b.value, a.slope * b.value + a.value * b.slope))
    __sub__ = _operator(lambda a, b: _made(a.value - b.value, a.slope - b.slope))
    __rsub__ = _operator(lambda a, b: _made(b.value - a.value, b.slope - a.slope))
    __truediv__ = _operator(lambda a, b: _quotient(a, b))
    __rtruediv__ = _operator(lambda a, b: _quotient(b, a))
    __lt__, __le__ = _comparison(operator.lt, operator.ge), _comparison(operator.le, operator.gt)
    __gt__, __ge__ = _comparison(operator.gt, operator.le), _comparison(operator.ge, operator.lt)
    __eq__, __ne__ = _comparison(operator.eq, operator.ne), _comparison(operator.ne, operator.eq)

    def __pow__(self, power: Any) -> Any:
        if isinstance(power, np.ndarray):
            return NotImplemented
        p = power.value if type(power) is Dual else power
        y = self.value**p
        # a constant 0 has a constant power, also where the formula is infinity times 0
        constant = self.value == 0 and self.slope == 0
        along = 0 if constant else p * self.value ** (p - 1) * self.slope
        if type(power) is not Dual or power.slope == 0:
            return _made(y, along)
        return _made(y, along + y * self.value.log() * power.slope)

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.slope)

    def __pos__(self) -> "Dual":
        return self

    def __abs__(self) -> "Dual":
        # at 0 the slope from above, so that exp(-|x|) is right beside a branch `x >= 0`; at a kink differences decide
        return Dual(abs(self.value), -self.slope if self < 0 else self.slope)

    # by the names that NumPy asks an element for
    exp, exp2, expm1, log, log2 = map(_function, ("exp", "exp2", "expm1", "log", "log2"))
    log10, log1p, sqrt, cbrt, rsqrt = map(_function, ("log10", "log1p", "sqrt", "cbrt", "rsqrt"))
    sin, cos, tan, arcsin, arccos, arctan = map(_function, ("sin", "cos", "tan", "asin", "acos", "atan"))
    sinh, cosh, tanh, arcsinh, arccosh = map(_function, ("sinh", "cosh", "tanh", "asinh", "acosh"))
    arctanh, erf, erfc, deg2rad, rad2deg = map(_function, ("atanh", "erf", "erfc", "deg2rad", "rad2deg"))
    radians, degrees = deg2rad, rad2deg


def _ball(number: Any) -> Any:
    if type(number) is flint.arb:
        return number
    return flint.arb(int(number) if isinstance(number, bool | np.bool_ | int | np.integer) else float(number))


def _made(value: Any, slope: Any) -> Dual:
    watch = _watches[-1]
    if watch.floor is not None:
        value, slope = value + watch.floor, slope + watch.floor
        sizes = [float(part.abs_upper()) if part.is_finite() else np.inf for part in (value, slope)]
        watch.peak = max([watch.peak, *sizes])
        watch.steepest = max(watch.steepest, sizes[1])
    return Dual(value, slope)


def _quotient(a: Dual, b: Dual) -> Dual:
    value = a.value / b.value
    return _made(value, (a.slope - value * b.slope) / b.value)


def lift(values: np.ndarray, slopes: np.ndarray | None = None) -> np.ndarray:
    """An array of balls as duals. Their slopes are another such array, or zero; index arrays stay as they are."""
    if values.dtype != object:
        return values
    slopes = np.zeros(values.shape) if slopes is None else slopes
    pairs = zip(np.ravel(values).tolist(), np.ravel(slopes).tolist(), strict=True)
    return pack(values.shape, [Dual(value, slope) for value, slope in pairs])


def largest(array: Any, part: str) -> float:
    """The largest value or slope (`part`) of an array of duals, from above; 0 for an index array."""
    duals = [each for each in np.ravel(np.asarray(array)).tolist() if type(each) is Dual]
    return max((float(getattr(each, part).abs_upper()) for each in duals), default=0.0)


def steepest(run: Callable[[], Any]) -> tuple[Any, float]:
    """What `run` returns, and the largest slope that any number had on the way. Needs a watch with a floor."""
    watch = _watches[-1]
    watch.steepest = 0.0
    return run(), watch.steepest


def noise(size: float) -> Dual:
    """Zero, its slope known to within `size` only."""
    return Dual(0, flint.arb(0, size) if np.isfinite(size) else flint.arb("nan"))


def slopes_of(what: str, array: Any) -> np.ndarray:
    """The derivatives of an array of duals, as balls. Raises Unavailable when the array came back as something else."""
    array = np.asarray(array)
    found = sorted({type(each).__name__ for each in array.ravel().tolist() if type(each) is not Dual})
    if found:
        raise Unavailable(f"no second order for this code: on dual numbers {what} came back as {', '.join(found)}")
    return pack(array.shape, [each.slope for each in array.ravel().tolist()])
