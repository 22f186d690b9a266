"""PyTorch's elementwise operators on exact numbers. Scalars come as exact numbers too."""

from collections.abc import Mapping
from operator import methodcaller
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.activations import ACTIVATIONS
from backcheck_reference.frontends.torch_code.aten.shared import (
    Operator,
    decided,
    each,
    eq,
    erf,
    ge,
    gt,
    le,
    log,
    lt,
    ne,
)
from backcheck_reference.lazy import flint


def _arb(value: Any) -> Any:
    return flint.arb(value)


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 else alpha * x


def _divide(a: Any, b: Any, rounding_mode: str | None = None) -> Any:
    quotient = np.true_divide(a, b)
    return quotient if rounding_mode is None else {"floor": _floor, "trunc": _trunc}[rounding_mode](quotient)


_floor = each(methodcaller("floor"))
_trunc = each(lambda x: x.floor() if x >= 0 else x.ceil())


def _round(x: Any, decimals: Any = 0) -> Any:
    scale = _arb(10) ** decimals
    return each(_half_to_even)(x * scale) / scale


def _half_to_even(x: Any) -> Any:
    down = x.floor()
    rest = x - down
    odd = not (down / 2).is_integer()
    return down + 1 if rest > 0.5 or (rest == 0.5 and odd) else down


def _lgamma(x: Any) -> Any:
    return x.lgamma() if x > 0 else abs(x.gamma()).log()


def _polygamma(n: Any, x: Any) -> Any:
    order = int(n.unique_fmpz())
    return each(lambda value: _one_polygamma(order, value))(x)


def _one_polygamma(order: int, x: Any) -> Any:
    if order == 0:
        return x.digamma()
    factor, before = (-1) ** (order + 1) * _arb(order + 1).gamma(), _arb(0)
    while not x > 0 and x.is_finite():  # the zeta function of Hurwitz needs a positive number: the terms before it
        before, x = before + 1 / x ** (order + 1), x + 1
    return factor * (before + _arb(order + 1).zeta(x))


def _sign(x: Any) -> Any:
    return np.where(gt(x, 0), _arb(1), np.where(lt(x, 0), _arb(-1), _arb(0)))


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _log_sum_of_two(a: Any, b: Any) -> Any:
    top = np.maximum(a, b)
    # of two that are -inf the difference is no number
    apart = np.where(eq(a, b), _arb(0), np.minimum(a, b) - top)
    return top + np.log1p(np.exp(apart))


def _xlogy(x: Any, y: Any) -> Any:
    zero = eq(x, _arb(0))
    return np.where(zero, _arb(0), x * np.log(np.where(zero, _arb(1), y)))


def _masked_fill(x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, value, x)


def _of_values(predicate: Operator) -> Operator:
    """A property of a ball that its width cannot leave open, also on hulls."""
    found = each(predicate)
    return lambda x: np.asarray(found(np.asarray(x).view(np.ndarray)), dtype=bool)


def _truth(a: Any) -> Any:
    return a if a.dtype == bool else ne(a, _arb(0))


# these are methods of a ball, of the same name
BALL_METHODS = (
    *("tan", "asin", "acos", "atan", "asinh", "acosh", "atanh", "erfc", "erfinv", "digamma", "rsqrt", "floor", "ceil"),
    *("sin", "cos", "sinh", "cosh", "tanh", "exp", "expm1", "log1p", "sqrt"),
)

ELEMENTWISE: Mapping[str, Operator] = {
    **{name: each(methodcaller(name)) for name in BALL_METHODS},
    **ACTIVATIONS,
    "add": lambda a, b, alpha=1: a + _scaled(b, alpha),
    "sub": lambda a, b, alpha=1: a - _scaled(b, alpha),
    "rsub": lambda a, b, alpha=1: b - _scaled(a, alpha),
    "mul": lambda a, b: a * b,
    "div": _divide,
    "addcmul": lambda x, a, b, value=1: x + _scaled(a * b, value),
    "addcdiv": lambda x, a, b, value=1: x + _scaled(a / b, value),
    "lerp": lambda a, b, weight: a + weight * (b - a),
    "neg": lambda x: -x,
    "abs": lambda x: abs(x),
    "sign": _sign,
    "sgn": _sign,
    "pow": lambda a, b: np.power(a, b),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "exp2": lambda x: np.power(_arb(2), x),
    "log": log,
    "log2": lambda x: log(x) / _arb(2).log(),
    "log10": lambda x: log(x) / _arb(10).log(),
    "atan2": each(lambda y, x: flint.arb.atan2(_arb(y), _arb(x)), 2),
    "copysign": lambda a, b: np.where(lt(b, 0), -abs(a), abs(a)),
    "hypot": lambda a, b: np.sqrt(a * a + b * b),
    "logaddexp": _log_sum_of_two,
    "xlogy": _xlogy,
    "round": _round,
    "trunc": _trunc,
    "frac": lambda x: x - _trunc(x),
    "fmod": lambda a, b: a - b * _trunc(a / b),
    "remainder": lambda a, b: a - b * _floor(a / b),
    "erf": erf,
    "lgamma": each(_lgamma),
    "polygamma": _polygamma,
    "hardtanh": lambda x, min=-1, max=1: _clamp(x, min, max),
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": lambda x, max: _clamp(x, None, max),
    "maximum": lambda a, b: np.maximum(a, b),
    "minimum": lambda a, b: np.minimum(a, b),
    "fmax": lambda a, b: np.maximum(a, b),
    "fmin": lambda a, b: np.minimum(a, b),
    "where": lambda mask, a, b: np.where(mask, a, b),
    "masked_fill": _masked_fill,
}

# these give booleans, or balls [0, 1] where hulls overlap
PREDICATES: Mapping[str, Operator] = {
    "eq": eq,
    "ne": ne,
    "lt": lt,
    "gt": gt,
    "le": le,
    "ge": ge,
    "logical_and": lambda a, b: np.logical_and(_truth(a), _truth(b)),
    "logical_or": lambda a, b: np.logical_or(_truth(a), _truth(b)),
    "logical_xor": lambda a, b: np.logical_xor(decided(_truth(a)), decided(_truth(b))),
    "logical_not": lambda a: np.logical_not(_truth(a)),
    "bitwise_and": lambda a, b: np.logical_and(_truth(a), _truth(b)),
    "bitwise_or": lambda a, b: np.logical_or(_truth(a), _truth(b)),
    "bitwise_xor": lambda a, b: np.logical_xor(decided(_truth(a)), decided(_truth(b))),
    "bitwise_not": lambda a: np.logical_not(_truth(a)),
    "isnan": _of_values(methodcaller("is_nan")),
    "isinf": _of_values(lambda value: not value.is_nan() and abs(value) == _arb("inf")),
    "isfinite": _of_values(lambda value: not value.is_nan() and abs(value) != _arb("inf")),
}
