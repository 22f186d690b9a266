"""PyTorch's elementwise operators on exact numbers. Scalars come as exact numbers too."""

from collections.abc import Mapping
from operator import methodcaller
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.activations import ACTIVATIONS
from backcheck_reference.frontends.torch_code.aten.shared import (
    Operator,
    decided,
    eq,
    ge,
    gt,
    le,
    log,
    log_sum_of_two,
    lt,
    ne,
)
from backcheck_reference.frontends.torch_code.aten.special_functions import SPECIAL_FUNCTIONS
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.complex_balls import is_complex
from backcheck_reference.numbers.scalar_functions import BALL_METHODS, each, log_gamma, nearest_integer, power


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 else alpha * x


def _divide(a: Any, b: Any, rounding_mode: str | None = None) -> Any:
    quotient = np.true_divide(a, b)
    return quotient if rounding_mode is None else {"floor": _floor, "trunc": _trunc}[rounding_mode](quotient)


_floor = each(methodcaller("floor"))
_trunc = each(lambda x: x.floor() if x >= 0 else x.ceil())


def _round(x: Any, decimals: Any = 0) -> Any:
    scale = flint.arb(10) ** decimals
    return each(nearest_integer)(x * scale) / scale


def _sign(x: Any) -> Any:
    if is_complex(x):
        return each(_unit)(x)
    return np.where(gt(x, 0), flint.arb(1), np.where(lt(x, 0), flint.arb(-1), flint.arb(0)))


def _unit(x: Any) -> Any:
    size = abs(x)
    return flint.acb(0) if size == 0 else x / size


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _xlogy(x: Any, y: Any) -> Any:
    zero = eq(x, flint.arb(0))
    return np.where(zero, flint.arb(0), x * np.log(np.where(zero, flint.arb(1), y)))


def _of_values(predicate: Operator) -> Operator:
    """A property of a ball that its width cannot leave open, also on hulls."""
    found = each(predicate)
    return lambda x: np.asarray(found(np.asarray(x).view(np.ndarray)), dtype=bool)


def _truth(a: Any) -> Any:
    return a if a.dtype == bool else ne(a, flint.arb(0))


ELEMENTWISE: Mapping[str, Operator] = {
    **{name: each(methodcaller(name)) for name in (*BALL_METHODS, "erfinv")},
    **ACTIVATIONS,
    **SPECIAL_FUNCTIONS,
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
    **dict.fromkeys(("sign", "sgn"), _sign),
    "pow": each(power, 2),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "exp2": lambda x: np.power(flint.arb(2), x),
    "log": log,
    "log2": lambda x: log(x) / flint.arb(2).log(),
    "log10": lambda x: log(x) / flint.arb(10).log(),
    "atan2": each(lambda y, x: flint.arb.atan2(flint.arb(y), flint.arb(x)), 2),
    "copysign": lambda a, b: np.where(lt(b, 0), -abs(a), abs(a)),
    "hypot": lambda a, b: np.sqrt(a * a + b * b),
    "logaddexp": log_sum_of_two,
    "xlogy": _xlogy,
    "round": _round,
    "trunc": _trunc,
    "frac": lambda x: x - _trunc(x),
    "fmod": lambda a, b: a - b * _trunc(a / b),
    "remainder": lambda a, b: a - b * _floor(a / b),
    "lgamma": each(log_gamma),
    "hardtanh": lambda x, min=-1, max=1: _clamp(x, min, max),
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": lambda x, max: _clamp(x, None, max),
    **dict.fromkeys(("maximum", "fmax"), np.maximum),
    **dict.fromkeys(("minimum", "fmin"), np.minimum),
    "where": lambda mask, a, b: np.where(mask, a, b),
    "masked_fill": lambda x, mask, value: np.where(mask, value, x),
}

# these give booleans, or balls [0, 1] where hulls overlap
PREDICATES: Mapping[str, Operator] = {
    "eq": eq,
    "ne": ne,
    "lt": lt,
    "gt": gt,
    "le": le,
    "ge": ge,
    **dict.fromkeys(("logical_and", "bitwise_and"), lambda a, b: np.logical_and(_truth(a), _truth(b))),
    **dict.fromkeys(("logical_or", "bitwise_or"), lambda a, b: np.logical_or(_truth(a), _truth(b))),
    **dict.fromkeys(("logical_xor", "bitwise_xor"), lambda a, b: decided(_truth(a)) ^ decided(_truth(b))),
    **dict.fromkeys(("logical_not", "bitwise_not"), lambda a: np.logical_not(_truth(a))),
    "signbit": lambda x: lt(x, flint.arb(0)),
    "isnan": _of_values(methodcaller("is_nan")),
    "isinf": _of_values(lambda value: not value.is_nan() and abs(value) == flint.arb("inf")),
    "isfinite": _of_values(lambda value: not value.is_nan() and abs(value) != flint.arb("inf")),
}
