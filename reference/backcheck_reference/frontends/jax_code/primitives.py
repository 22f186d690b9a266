"""The table of JAX's primitives on exact numbers. Here are those that work entry by entry.

Each takes the values of an equation in order and its parameters by name. What holds for every primitive is done once,
in `jaxpr`: results become arrays of the right kind, and stay hulls.
"""

from collections.abc import Callable, Mapping
from operator import methodcaller
from typing import Any

import numpy as np
from scipy import special

from backcheck_reference.frontends.jax_code.gather_scatter import INDEXING
from backcheck_reference.frontends.jax_code.linear_algebra import LINEAR_ALGEBRA
from backcheck_reference.frontends.jax_code.reductions import REDUCTIONS
from backcheck_reference.frontends.jax_code.shared import (
    Array,
    Evaluation,
    balls,
    boxed,
    equal,
    exact,
    greater,
    greater_equal,
    larger,
    less,
    less_equal,
    number,
    select,
    smaller,
    truth,
    unequal,
)
from backcheck_reference.frontends.jax_code.structure import STRUCTURE
from backcheck_reference.frontends.jax_code.windows import WINDOWS
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.balls import watched
from backcheck_reference.numbers.complex_balls import CONJUGATE, IMAG, REAL, is_complex
from backcheck_reference.numbers.scalar_functions import BALL_METHODS, log_gamma, nearest_integer, power
from backcheck_reference.numbers.special_functions import SPECIAL


def _plain(function: Callable[..., Any]) -> Evaluation:
    """A function of arrays alone; parameters such as accuracy and sharding mean nothing to exact numbers."""
    return lambda *arrays, **_: function(*arrays)


def _each(function: Callable[..., Any], inputs: int = 1) -> Evaluation:
    """A function of balls as one of arrays."""
    return _plain(np.frompyfunc(function, inputs, 1))


def _whole(function: Callable[..., Any]) -> Evaluation:
    """A function whose values are whole numbers: on hulls they are not rounded, as other results are."""
    ufunc = np.frompyfunc(function, 1, 1)
    return lambda x, **_: watched(boxed(ufunc(x.view(np.ndarray))), x)


_truncated = np.frompyfunc(lambda x: x.ceil() if x < 0 else x.floor(), 1, 1)


def _sign(x: Array) -> Any:
    if not exact(x):
        return np.sign(x)
    if is_complex(x):
        return np.frompyfunc(lambda z: flint.acb(0) if z == 0 else z / abs(z), 1, 1)(x)
    zero = number(0)
    return select(greater(x, zero), select(less(x, zero), zero, number(-1)), number(1))


def _polygamma(order: Any, x: Any) -> Any:
    n = int(order.unique_fmpz())
    if n == 0:
        return x.digamma()
    before = flint.arb(0)
    while not x > 0 and x.is_finite():  # the zeta function of Hurwitz needs a positive number: the terms before it
        before, x = before + 1 / x ** (n + 1), x + 1
    return (-1) ** (n + 1) * flint.arb(n + 1).gamma() * (before + flint.arb(n + 1).zeta(x))


_power = np.frompyfunc(power, 2, 1)


def _half_away(x: Any) -> Any:
    return -(-x + 0.5).floor() if x < 0 else (x + 0.5).floor()


def _round(x: Array, *, rounding_method: Any) -> Any:
    return _whole(nearest_integer if int(rounding_method) == 1 else _half_away)(x)


def _logic(logical: np.ufunc, bitwise: np.ufunc) -> Evaluation:
    return lambda a, b: (logical if a.dtype == bool or exact(a, b) else bitwise)(a, b)


ELEMENTARY: Mapping[str, Evaluation] = {
    **{name: _each(methodcaller(name)) for name in (*BALL_METHODS, "log")},
    "exp2": _each(lambda x: (x * flint.arb(2).log()).exp()),
    "cbrt": _each(lambda x: -(-x).root(3) if x < 0 else x.root(3)),
    "atan2": _each(lambda y, x: flint.arb.atan2(y, x), 2),
    "logistic": _each(lambda x: 1 / (1 + (-x).exp())),
    "erf_inv": _each(lambda x: x.erfinv()),
    "lgamma": _each(log_gamma),
    "polygamma": _each(_polygamma, 2),
    "bessel_i0e": _plain(SPECIAL[special.i0e]),
    "bessel_i1e": _plain(SPECIAL[special.i1e]),
    "igamma": _plain(SPECIAL[special.gammainc]),
    "igammac": _plain(SPECIAL[special.gammaincc]),
    "regularized_incomplete_beta": _plain(SPECIAL[special.betainc]),
    "zeta": _each(lambda s, a: s.zeta(a), 2),
    "real": _plain(lambda x: REAL(x)),
    "imag": _plain(lambda x: IMAG(x)),
    "conj": _plain(lambda x: CONJUGATE(x)),
    "floor": _whole(methodcaller("floor")),
    "ceil": _whole(methodcaller("ceil")),
    "round": _round,
}

ARITHMETIC: Mapping[str, Evaluation] = {
    **dict.fromkeys(("add", "add_any"), _plain(np.add)),
    "sub": _plain(np.subtract),
    "mul": _plain(np.multiply),
    "div": _plain(lambda a, b: np.true_divide(a, b) if exact(a, b) else (a - np.fmod(a, b)) // b),
    "rem": _plain(lambda a, b: a - b * _truncated(np.true_divide(a, b)) if exact(a, b) else np.fmod(a, b)),
    "neg": _plain(np.negative),
    "abs": _plain(np.absolute),
    "sign": _plain(_sign),
    "square": _plain(np.square),
    "pow": _plain(lambda x, y: _power(x, balls(y)) if exact(x) else np.power(x, y)),
    "integer_pow": lambda x, *, y: _power(x, number(y)) if exact(x) else np.power(x, int(y)),
    "max": larger,
    "min": smaller,
    "clamp": lambda low, x, high: smaller(larger(x, low), high),
    **dict.fromkeys(("eq", "eq_to"), equal),
    "ne": unequal,
    **dict.fromkeys(("lt", "lt_to"), less),
    **dict.fromkeys(("le", "le_to"), less_equal),
    "gt": greater,
    "ge": greater_equal,
    "is_finite": _plain(lambda x: truth(methodcaller("is_finite"), x)),
    "and": _logic(np.logical_and, np.bitwise_and),
    "or": _logic(np.logical_or, np.bitwise_or),
    "xor": lambda a, b: a + b - 2 * (a * b) if exact(a, b) else np.bitwise_xor(a, b),
    "not": lambda a: np.logical_not(a) if a.dtype in (bool, object) else np.invert(a),
    "select_n": select,
}

# primitives that do not change a number that is not rounded
NAMES_OF_IDENTITIES = (
    *("copy", "copy_p", "device_put", "name", "optimization_barrier", "reduce_precision"),
    *("sharding_constraint", "stop_gradient"),
)
TABLE: Mapping[str, Evaluation] = {
    **ELEMENTARY,
    **ARITHMETIC,
    **dict.fromkeys(NAMES_OF_IDENTITIES, lambda *values, **_: values[0] if len(values) == 1 else values),
    **REDUCTIONS,
    **STRUCTURE,
    **INDEXING,
    **WINDOWS,
    **LINEAR_ALGEBRA,
}
