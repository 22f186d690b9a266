"""The table of JAX's primitives on exact numbers. Here are those that work entry by entry.

Each takes the values of an equation in order and its parameters by name. What holds for every primitive is done once,
in `jaxpr`: results become arrays of the right kind, and stay hulls.
"""

from collections.abc import Callable, Mapping
from operator import methodcaller
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.gather_scatter import INDEXING
from backcheck_reference.frontends.jax_code.linear_algebra import LINEAR_ALGEBRA
from backcheck_reference.frontends.jax_code.reductions import REDUCTIONS
from backcheck_reference.frontends.jax_code.shared import Array, Evaluation, balls, number, select, truth
from backcheck_reference.frontends.jax_code.structure import STRUCTURE
from backcheck_reference.frontends.jax_code.windows import WINDOWS
from backcheck_reference.numbers.comparisons import (
    equal,
    exact,
    greater,
    greater_equal,
    larger,
    less,
    less_equal,
    smaller,
    unequal,
    unrounded,
)
from backcheck_reference.numbers.complex_balls import CONJUGATE, IMAG, REAL, is_complex
from backcheck_reference.numbers.scalar_functions import FUNCTIONS, LOOPS, each


def _plain(function: Callable[..., Any]) -> Evaluation:
    """A function of arrays alone; parameters such as accuracy and sharding mean nothing to exact numbers."""
    return lambda *arrays, **_: function(*arrays)


def _of_table(name: str) -> Evaluation:
    return unrounded(LOOPS[name]) if FUNCTIONS[name].picks else _plain(LOOPS[name])


def _sign(x: Array) -> Any:
    if not exact(x) or is_complex(x):
        return (LOOPS["sign"] if exact(x) else np.sign)(x)
    zero = number(0)
    return select(greater(x, zero), select(less(x, zero), zero, number(-1)), number(1))


_half_away = unrounded(each(lambda x: -(-x + 0.5).floor() if x < 0 else (x + 0.5).floor()))
_to_even, _truncated = unrounded(LOOPS["round"]), unrounded(LOOPS["trunc"])


def _logic(logical: np.ufunc, bitwise: np.ufunc) -> Evaluation:
    return lambda a, b: (logical if a.dtype == bool or exact(a, b) else bitwise)(a, b)


ELEMENTARY: Mapping[str, Evaluation] = {
    **{primitive: _of_table(name) for name, row in FUNCTIONS.items() for primitive in row.jax},
    "real": _plain(lambda x: REAL(x)),
    "imag": _plain(lambda x: IMAG(x)),
    "conj": _plain(lambda x: CONJUGATE(x)),
    "round": lambda x, *, rounding_method: (_to_even if int(rounding_method) == 1 else _half_away)(x),
}

# these are also asked of integers, and a choice goes by the middles of balls that overlap
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
    "pow": _plain(lambda x, y: LOOPS["pow"](x, balls(y)) if exact(x) else np.power(x, y)),
    "integer_pow": lambda x, *, y: LOOPS["pow"](x, number(y)) if exact(x) else np.power(x, int(y)),
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
