"""The elementwise functions of NumPy and SciPy that balls do not have themselves, one number at a time.

NumPy sends `np.exp(a)` on object arrays to each element's own `exp`. Where the element has no method of that name, or
NumPy would compare, round or test the truth of balls with plain Python, the function here is used instead. Each takes
balls of any width and returns a ball that holds every value: where the ball leaves a branch open, both sides.
"""

import functools
from collections.abc import Callable
from operator import methodcaller
from typing import Any

import numpy as np
from scipy import special

from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact

WHOLE = (bool, np.bool_, int, np.integer)


def number(value: Any) -> Any:
    """Any number that an object array may hold, as a ball (two for a complex one); what `np.empty` leaves is zero."""
    if type(value) in (flint.arb, flint.acb):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return number(value.view(np.ndarray)[()])
    if value is None:
        return flint.arb(0)
    if isinstance(value, WHOLE):
        return flint.arb(int(value))
    if isinstance(value, float | np.floating):
        return flint.arb(float(value))
    if isinstance(value, complex | np.complexfloating):
        return flint.acb(complex(value))
    raise TypeError(f"no exact number can be made of {type(value).__name__}")


def each(function: Callable[..., Any], inputs: int = 1) -> np.ufunc:
    """A function of balls as one of object arrays, which must hold nothing but balls."""
    loop: np.ufunc = np.frompyfunc(function, inputs, 1)
    return loop


def _larger(a: Any, b: Any) -> Any:
    """One of the two objects itself where that is decided, so that `x == x.max()` is decided too."""
    if a is b or a > b:
        return a
    return b if b > a else a.max(b)


def _smaller(a: Any, b: Any) -> Any:
    if a is b or a < b:
        return a
    return b if b < a else a.min(b)


def _by_sign(value: Any, above: Callable[[Any], Any], below: Callable[[Any], Any]) -> Any:
    if value >= 0:
        return above(value)
    return below(value) if value <= 0 else above(value).union(below(value))


def _trunc(value: Any) -> Any:
    return _by_sign(value, lambda v: v.floor(), lambda v: v.ceil())


def nearest_integer(value: Any) -> Any:
    """Halves to the even one."""
    low = value.floor()
    beyond = value - low
    if beyond < 0.5:
        return low
    if beyond > 0.5:
        return low + 1
    if beyond == 0.5:
        return low if (low / 2).is_integer() else low + 1
    return low.union(low + 1)


def _cbrt(value: Any) -> Any:
    if value > 0:
        return value.root(3)
    if value < 0:
        return -(-value).root(3)
    widest = flint.arb(abs(value).abs_upper()).root(3)
    return flint.arb(0) if value == 0 else (-widest).union(widest)


def _log(value: Any) -> Any:
    return flint.arb("-inf") if value == 0 else value.log()


def _logaddexp(a: Any, b: Any) -> Any:
    if a == flint.arb("-inf"):
        return b
    return a.max(b) + (-abs(a - b)).exp().log1p()


def _logaddexp2(a: Any, b: Any) -> Any:
    two = flint.arb.const_log2()
    return _logaddexp(a * two, b * two) / two


def _heaviside(x: Any, at_zero: Any) -> Any:
    if x == 0:
        return at_zero
    if x > 0 or x < 0:
        return flint.arb(1 if x > 0 else 0)
    return flint.arb(0).union(flint.arb(1)).union(at_zero)


def _xlogy(x: Any, y: Any) -> Any:
    return flint.arb(0) if x == 0 else x * y.log()


def log_gamma(value: Any) -> Any:
    return value.lgamma() if value > 0 else abs(value.gamma()).log()


def _ndtr(value: Any) -> Any:
    return (-value / flint.arb(2).sqrt()).erfc() / 2


def _rel_entr(x: Any, y: Any) -> Any:
    return flint.arb(0) if x == 0 else x * (x / y).log()


def power(base: Any, exponent: Any) -> Any:
    """a ** b. Where a ball of base 0 meets a whole exponent, flint answers NaN and products do not."""
    # in this order: it is called for each entry, and a look at `flint` takes as long as the power
    if type(base) is not type(exponent) or not base.contains(0):
        return base**exponent
    if type(base) is not flint.arb or not exponent.is_integer() or exponent < 0:
        return base**exponent
    found = flint.arb(1)
    for digit in bin(int(exponent.unique_fmpz()))[2:]:
        # of a square arb knows that it is not negative
        found = abs(found * found) * base if digit == "1" else abs(found * found)
    return found


def _huber(delta: Any, r: Any) -> Any:
    size = abs(r)
    near, far = r * r / 2, delta * (size - delta / 2)
    if size <= delta:
        return near
    return far if size > delta else near.union(far)


# Methods of a ball: those that PyTorch and JAX have under the same name, and NumPy and SciPy under another or in SciPy.
BALL_METHODS = (
    *("exp", "expm1", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "erf", "erfc", "digamma", "floor", "ceil"),
)
OF_METHODS = {
    np.arcsin: "asin", np.arccos: "acos", np.arctan: "atan", np.arcsinh: "asinh", np.arccosh: "acosh",
    np.arctanh: "atanh", np.floor: "floor", np.ceil: "ceil", special.erf: "erf", special.erfc: "erfc",
    special.erfinv: "erfinv", special.expm1: "expm1", special.log1p: "log1p", special.gamma: "gamma",
    special.loggamma: "lgamma", special.digamma: "digamma",
}  # fmt: skip

# The functions of NumPy and SciPy, and the loops that stand in for them.
LOOPS: dict[np.ufunc, np.ufunc] = {
    **{ufunc: each(methodcaller(name)) for ufunc, name in OF_METHODS.items()},
    np.sign: each(lambda v: flint.arb(0) if v == 0 else v.sgn()),
    np.maximum: each(_larger, 2),
    np.minimum: each(_smaller, 2),
    np.fmax: each(lambda a, b: b if a.is_nan() else a if b.is_nan() else _larger(a, b), 2),
    np.fmin: each(lambda a, b: b if a.is_nan() else a if b.is_nan() else _smaller(a, b), 2),
    np.log: each(_log),
    np.log2: each(lambda v: _log(v) / flint.arb.const_log2()),
    np.log10: each(lambda v: _log(v) / flint.arb.const_log10()),
    **dict.fromkeys((np.exp2, special.exp2), each(lambda v: flint.arb(2) ** v)),
    **dict.fromkeys((np.cbrt, special.cbrt), each(_cbrt)),
    np.hypot: each(lambda a, b: (a * a + b * b).nonnegative_part().sqrt(), 2),
    np.logaddexp: each(_logaddexp, 2),
    np.logaddexp2: each(_logaddexp2, 2),
    np.heaviside: each(_heaviside, 2),
    **dict.fromkeys((np.power, np.float_power), each(power, 2)),
    np.arctan2: each(lambda a, b: flint.arb.atan2(a, b), 2),
    **dict.fromkeys((np.radians, np.deg2rad), each(lambda v: v * flint.arb.pi() / 180)),
    **dict.fromkeys((np.degrees, np.rad2deg), each(lambda v: v * 180 / flint.arb.pi())),
    np.trunc: each(_trunc),
    np.rint: each(nearest_integer),
    np.floor_divide: each(lambda a, b: (a / b).floor(), 2),
    np.remainder: each(lambda a, b: a - (a / b).floor() * b, 2),
    np.fmod: each(lambda a, b: a - _trunc(a / b) * b, 2),
    np.copysign: each(lambda a, b: _by_sign(b, lambda _: abs(a), lambda _: -abs(a)), 2),
    np.fabs: each(abs),
    np.conjugate: each(lambda v: v.conjugate() if type(v) is flint.acb else v),
    special.expit: each(lambda v: 1 / (1 + (-v).exp())),
    special.log_expit: each(lambda v: -(-v).exp().log1p()),
    special.logit: each(lambda v: _log(v) - _log(1 - v)),
    special.gammaln: each(log_gamma),
    special.zeta: each(lambda s, a: s.zeta(a), 2),
    special.xlogy: each(_xlogy, 2),
    special.xlog1py: each(lambda x, y: flint.arb(0) if x == 0 else x * y.log1p(), 2),
    special.entr: each(lambda v: -_xlogy(v, v)),
    special.rel_entr: each(_rel_entr, 2),
    special.kl_div: each(lambda x, y: _rel_entr(x, y) - x + y, 2),
    special.ndtr: each(_ndtr),
    special.log_ndtr: each(lambda v: _ndtr(v).log()),
    special.huber: each(_huber, 2),
    special.pseudo_huber: each(lambda d, r: d * d * ((1 + (r / d) ** 2).sqrt() - 1), 2),
}

# These hand out one of their arguments, or an integer: nothing is rounded.
UNROUNDED = frozenset(
    {np.maximum, np.minimum, np.fmax, np.fmin, np.sign, np.conjugate, np.fabs, np.copysign}
    | {np.heaviside, np.floor, np.ceil, np.trunc, np.rint, np.floor_divide}
)

# NumPy would look these up by name for every element, which takes a fifth of the time of a tanh. What they give are
# exact numbers for sure, and so is what the four operations give. `flint.arb.tanh` itself would end the process where
# it is given anything but a ball, and to call the method of each number is as fast.
METHODS: dict[np.ufunc, Callable[[list[Any]], list[Any]]] = {
    np.exp: lambda numbers: [v.exp() for v in numbers],
    np.expm1: lambda numbers: [v.expm1() for v in numbers],
    np.log1p: lambda numbers: [v.log1p() for v in numbers],
    np.sqrt: lambda numbers: [v.sqrt() for v in numbers],
    np.sin: lambda numbers: [v.sin() for v in numbers],
    np.cos: lambda numbers: [v.cos() for v in numbers],
    np.tan: lambda numbers: [v.tan() for v in numbers],
    np.sinh: lambda numbers: [v.sinh() for v in numbers],
    np.cosh: lambda numbers: [v.cosh() for v in numbers],
    np.tanh: lambda numbers: [v.tanh() for v in numbers],
}
OPERATIONS = frozenset({np.add, np.subtract, np.multiply, np.true_divide})
EXACT = OPERATIONS | set(METHODS)


@functools.cache
def direct(ufunc: np.ufunc) -> Callable[..., Any]:
    """The same function of exact numbers without a look-up for each."""
    if ufunc not in METHODS:
        return ufunc
    methods, loop = METHODS[ufunc], each(methodcaller(ufunc.__name__))

    def run(array: np.ndarray, **options: Any) -> Any:
        if options or not array.flags.c_contiguous:  # a loop keeps the order of another layout
            return loop(array, **options)
        return exact.pack(array.shape, methods(array.ravel().tolist()))

    return run


IDENTICAL = each(lambda a, b: a is b and a.is_finite(), 2)
SINC = each(lambda v: v.sinc_pi())
ISFINITE = each(lambda v: v.is_finite())
ISNAN = each(lambda v: v.is_nan() if type(v) is flint.arb else v.real.is_nan() or v.imag.is_nan())
# A NaN that somebody wrote has no radius; a ball that has become everything (1 / [-1, 1]) is NaN with an infinite one.
EXACTLY_NAN = each(lambda v: type(v) is flint.arb and v.is_nan() and v.rad() == 0)


def reduced(loop: np.ufunc, array: np.ndarray, axis: Any = 0, keepdims: bool = False, initial: Any = None) -> Any:
    """A loop along one axis, several or all of them (NumPy itself takes one at a time for such loops)."""
    axes = range(array.ndim) if axis is None else np.atleast_1d(axis)
    for one in sorted((int(each) % max(array.ndim, 1) for each in axes), reverse=True):
        array = np.asarray(loop.reduce(array, axis=one, keepdims=keepdims), dtype=object)
    return array if initial is None else loop(array, number(initial))


def whole(value: Any) -> int | None:
    """The integer part of a ball, as `int` does it; None where the ball leaves it open."""
    found = _trunc(value).unique_fmpz()
    return None if found is None else int(found)
