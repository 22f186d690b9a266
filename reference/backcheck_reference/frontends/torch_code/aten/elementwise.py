"""PyTorch's elementwise operators on exact numbers. Scalars come as exact numbers too."""

from collections.abc import Mapping
from operator import methodcaller
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.activations import ACTIVATIONS
from backcheck_reference.frontends.torch_code.aten.shared import Operator
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.comparisons import (
    decided,
    equal,
    greater,
    greater_equal,
    larger,
    less,
    less_equal,
    smaller,
    unequal,
    unrounded,
)
from backcheck_reference.numbers.complex_balls import is_complex
from backcheck_reference.numbers.scalar_functions import FLOAT_BITS, FUNCTIONS, LOOPS, each


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 else alpha * x


def _divide(a: Any, b: Any, rounding_mode: str | None = None) -> Any:
    quotient = np.true_divide(a, b)
    return quotient if rounding_mode is None else {"floor": _floor, "trunc": _trunc}[rounding_mode](quotient)


_floor, _trunc, _nearest = (unrounded(LOOPS[name]) for name in ("floor", "trunc", "round"))


def _round(x: Any, decimals: Any = 0) -> Any:
    scale = flint.arb(10) ** decimals
    return _nearest(x) if decimals == 0 else _nearest(x * scale) / scale


def _sign(x: Any) -> Any:
    """By the middles of balls that hold 0, as a float has a sign."""
    if is_complex(x):
        return LOOPS["sign"](x)
    return np.where(greater(x, 0), flint.arb(1), np.where(less(x, 0), flint.arb(-1), flint.arb(0)))


def _polygamma(order: Any, x: Any) -> Any:
    found = LOOPS["polygamma"](order, x)
    return found + _unsure_trigamma(x) if order == 1 and flint.ctx.prec < FLOAT_BITS else found


@each
def _unsure_trigamma(x: Any) -> Any:
    """What PyTorch's trigamma leaves out, in float64 too: it ends the series at z = x + 6 before 1 / (30 z^9)."""
    z = (x if x >= 0.5 else 1 - x) + 6
    return flint.arb(0, (1 / (30 * z**9)).abs_upper())


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _of_values(predicate: Operator) -> Operator:
    """A property of a ball that its width cannot leave open, also on hulls."""
    found = each(predicate)
    return lambda x: np.asarray(found(np.asarray(x).view(np.ndarray)), dtype=bool)


def _truth(a: Any) -> Any:
    return a if a.dtype == bool else unequal(a, flint.arb(0))


def _of_table(name: str) -> Operator:
    return unrounded(LOOPS[name]) if FUNCTIONS[name].picks else LOOPS[name]


ELEMENTWISE: Mapping[str, Operator] = {
    **{operator: _of_table(name) for name, row in FUNCTIONS.items() for operator in row.aten},
    **ACTIVATIONS,
    "add": lambda a, b, alpha=1: a + _scaled(b, alpha),
    "sub": lambda a, b, alpha=1: a - _scaled(b, alpha),
    "mul": lambda a, b: a * b,
    "div": _divide,
    "neg": lambda x: -x,
    "abs": lambda x: abs(x),
    **dict.fromkeys(("sign", "sgn"), _sign),
    "reciprocal": lambda x: 1 / x,
    "round": _round,
    "polygamma": _polygamma,
    "clamp": _clamp,
    "maximum": larger,
    "minimum": smaller,
    "where": lambda mask, a, b: np.where(mask, a, b),
    "masked_fill": lambda x, mask, value: np.where(mask, value, x),
}

# these give booleans, or balls [0, 1] where hulls overlap
PREDICATES: Mapping[str, Operator] = {
    "eq": equal,
    "ne": unequal,
    "lt": less,
    "gt": greater,
    "le": less_equal,
    "ge": greater_equal,
    **dict.fromkeys(("logical_and", "bitwise_and"), lambda a, b: np.logical_and(_truth(a), _truth(b))),
    **dict.fromkeys(("logical_or", "bitwise_or"), lambda a, b: np.logical_or(_truth(a), _truth(b))),
    **dict.fromkeys(("logical_xor", "bitwise_xor"), lambda a, b: decided(_truth(a)) ^ decided(_truth(b))),
    **dict.fromkeys(("logical_not", "bitwise_not"), lambda a: np.logical_not(_truth(a))),
    "signbit": lambda x: less(x, flint.arb(0)),
    "isnan": _of_values(methodcaller("is_nan")),
    "isinf": _of_values(lambda value: not value.is_nan() and abs(value) == flint.arb("inf")),
    "isfinite": _of_values(lambda value: not value.is_nan() and abs(value) != flint.arb("inf")),
}
