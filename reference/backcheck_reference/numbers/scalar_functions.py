"""The table of scalar functions, and its loops over object arrays of balls.

NumPy sends `np.exp(a)` on object arrays to each element's own `exp`. Where the element has no method of that name, or
NumPy would compare, round or test the truth of balls with plain Python, the loop of the table's function is used.
PyTorch's operators and JAX's primitives run on the same loops, by the names that the table has for them.

SciPy computes special functions to fewer digits than arb, and says so in its own tests and in those of Cephes and
Boost. Balls of a float's few bits are widened by that, so that nobody is blamed for it; exact numbers are not.
"""

import functools
from collections.abc import Callable, Mapping
from operator import methodcaller
from typing import Any

import numpy as np
from scipy import special

from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.scalars.bessel_functions import BESSELS
from backcheck_reference.numbers.scalars.definition import Definition
from backcheck_reference.numbers.scalars.elementary import ELEMENTARY
from backcheck_reference.numbers.scalars.error_functions import ERROR_FUNCTIONS, INTEGRALS
from backcheck_reference.numbers.scalars.gamma_functions import GAMMAS, STATISTICS
from backcheck_reference.numbers.scalars.hypergeometric import ELLIPTIC, HYPERGEOMETRIC, POLYNOMIALS
from backcheck_reference.numbers.scalars.steps import STEPS

WHOLE = (bool, np.bool_, int, np.integer)
FLOAT_BITS = 128  # balls of fewer bits stand for floats

FUNCTIONS: Mapping[str, Definition] = {
    **ELEMENTARY,
    **STEPS,
    **ERROR_FUNCTIONS,
    **INTEGRALS,
    **GAMMAS,
    **STATISTICS,
    **BESSELS,
    **ELLIPTIC,
    **HYPERGEOMETRIC,
    **POLYNOMIALS,
}


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


def value_of(name: str) -> Callable[..., Any]:
    """A function of the table, off by as much as SciPy's may be where balls stand for floats."""
    function = FUNCTIONS[name]
    if not function.off:
        return function.value

    def widened(*numbers: Any) -> Any:
        value = function.value(*numbers)
        if flint.ctx.prec >= FLOAT_BITS:
            return value
        size = (abs(value) + function.size) * function.off * flint.arb(2) ** -flint.ctx.prec
        return value + flint.arb(0, size.abs_upper())

    return widened


# each function as one of object arrays
LOOPS: Mapping[str, np.ufunc] = {name: each(value_of(name), row.inputs) for name, row in FUNCTIONS.items()}

# NumPy would look these up by name for every element, which takes a fifth of the time of a tanh. What they give are
# exact numbers for sure, and so is what the four operations give. `flint.arb.tanh` itself would end the process where
# it is given anything but a ball; to call the method of each number is as fast, and faster than `map`.
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

# NumPy's own loops over objects do these with the numbers' methods and operators
NATIVE = frozenset({np.absolute, np.square, np.reciprocal, *METHODS})
# the universal functions of NumPy and SciPy that a loop stands in for
OF_NUMPY: Mapping[Any, np.ufunc] = {
    ufunc: LOOPS[name] for name, row in FUNCTIONS.items() for ufunc in row.numpy if ufunc not in NATIVE
}
# and those of several results, a loop for each
SEVERAL: Mapping[Any, tuple[np.ufunc, ...]] = {
    special.sici: (LOOPS["si"], LOOPS["ci"]),
    special.shichi: (LOOPS["shi"], LOOPS["chi"]),
    special.fresnel: (LOOPS["fresnel_s"], LOOPS["fresnel_c"]),
    special.airy: tuple(LOOPS[f"airy_{name}"] for name in ("ai", "ai_slope", "bi", "bi_slope")),
}
# These hand out one of their arguments, or an integer: nothing is rounded.
UNROUNDED = frozenset(ufunc for row in FUNCTIONS.values() if row.picks for ufunc in row.numpy)


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
    found = STEPS["trunc"].value(value).unique_fmpz()
    return None if found is None else int(found)
