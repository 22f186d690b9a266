"""ATen operators by name, each with its form on balls; all others are taken apart by PyTorch into these."""

import functools
from collections.abc import Callable
from typing import Any

from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.scalar_functions import FUNCTIONS
from backcheck_reference.numbers.tensor_balls import (
    arithmetic,
    comparisons,
    extremes,
    functions,
    normalisation,
    pooling,
    products,
    slabs,
    softmax,
    sums,
)
from backcheck_reference.numbers.tensor_balls.rounding import Ball, Rounding, carried, operand

Form = Callable[..., Any]


def _of_function(name: str) -> Form:
    return lambda rounding, x: functions.smooth(rounding, name, operand(rounding, x))


def _of_name(form: Form, name: str) -> Form:
    return lambda rounding, *args, **kwargs: form(rounding, name, *args, **kwargs)


def _of_ball(form: Form) -> Form:
    return lambda rounding, x, *args, **kwargs: form(rounding, operand(rounding, x), *args, **kwargs)


def _of_booleans(name: str) -> Form:
    def run(rounding: Rounding, *given: Any) -> Any:
        mids = [comparisons.compare(rounding, "ne", each, 0) if _is_float(each) else each for each in given]
        return comparisons.logical(name, *mids)

    return run


def _is_float(each: Any) -> bool:
    return isinstance(each, Ball) and bool(each.mid.is_floating_point())


def _of_middles(name: str) -> Form:
    """What the middles decide: whether a number is finite."""
    return lambda rounding, x: getattr(torch, name)(operand(rounding, x).mid)


def _masked_fill(rounding: Rounding, x: Any, mask: Any, value: Any) -> Any:
    if not isinstance(value, Ball | torch.Tensor):
        value = Ball(torch.tensor(float(value), dtype=torch.float64), None, 0)
    return comparisons.where(rounding, mask, value, x)


def _norm(
    rounding: Rounding, x: Any, order: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Ball:
    x = operand(rounding, x)
    axes = sums.axes_of(x.mid, dim)
    if order in (float("inf"), float("-inf")):
        return extremes.largest(
            rounding, "amax" if order > 0 else "amin", arithmetic.absolute(rounding, x), axes, keepdim
        )
    if order == 0:
        raise Unavailable("a count of what is not zero")
    sizes = x if order == 2 else arithmetic.absolute(rounding, x)
    powers = sizes if order == 1 else arithmetic.power(rounding, sizes, order)
    return arithmetic.power(rounding, sums.total(rounding, powers, axes, keepdim), 1 / order if order != 2 else 0.5)


def _variance_and_mean(
    rounding: Rounding, x: Any, dim: Any = None, *, correction: Any = 1, keepdim: bool = False
) -> Any:
    whole = sums.mean(rounding, x, dim, keepdim)
    return sums.variance(rounding, x, dim, correction=correction, keepdim=keepdim), whole


def _variance(rounding: Rounding, x: Any, dim: Any = None, *given: Any, **kwargs: Any) -> Ball:
    if isinstance(dim, bool):  # the oldest overload: unbiased or not
        dim, given = None, (int(dim), *given)
    if given:
        kwargs["correction"], kwargs["keepdim"] = float(given[0]), any(given[1:])
    kwargs.pop("output_dtype", None)
    return sums.variance(rounding, x, dim, **kwargs)


def _deviation(rounding: Rounding, x: Any, *args: Any, **kwargs: Any) -> Ball:
    return functions.smooth(rounding, "sqrt", _variance(rounding, x, *args, **kwargs))


def _remainder(rounding: Rounding, x: Any, y: Any, step: str) -> Ball:
    quotient = arithmetic.stepped(rounding, step, arithmetic.divide(rounding, x, y))
    return arithmetic.subtract(rounding, x, arithmetic.multiply(rounding, quotient, y))


def _dropped_scale(rounding: Rounding, x: Any) -> Ball:
    x = operand(rounding, x)
    return carried(rounding, x.mid.clone(), None if x.rad is None else x.rad.clone(), moves=x.moves)


def _safe_softmax(rounding: Rounding, x: Any, dim: int, dtype: Any = None) -> Ball:
    x = operand(rounding, x)
    ball = softmax.softmax(rounding, x, dim)
    hidden = (x.mid == -torch.inf).all(dim, True)
    if not hidden.any():
        return ball
    return Ball(ball.mid.masked_fill(hidden, 0.0), ball.radii().masked_fill(hidden, 0.0), ball.moves)


@functools.cache
def operators() -> dict[str, Form]:
    """The table. A name with an overload comes before the name alone."""
    found: dict[str, Form] = {
        operator: _of_function(name) for name in functions.FUNCTIONS for operator in FUNCTIONS[name].aten
    }
    found |= {name: _of_name(comparisons.compare, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}
    found |= {name: _of_name(comparisons.extreme, name) for name in ("maximum", "minimum", "fmax", "fmin")}
    found |= {name: _of_ball(_of_name_after(arithmetic.stepped, name)) for name in ("floor", "ceil", "trunc", "round")}
    found |= {name: _of_name(extremes.largest, name) for name in ("amax", "amin")}
    found |= {name: _of_name(extremes.place, name) for name in ("argmax", "argmin")}
    found |= {f"{name}.dim": _of_name(extremes.with_index, name) for name in ("max", "min")}
    found |= {f"{name}.default": _of_name(extremes.largest, f"a{name}") for name in ("max", "min")}
    found |= {name: _of_booleans(f"logical_{name.rpartition('_')[2]}") for name in _LOGICAL}
    found |= {f"__{name}__": _of_booleans(f"bitwise_{name}") for name in ("and", "or", "xor")}
    found |= {name: _of_middles(name) for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit")}
    for n in (2, 3):
        pools: dict[str, Form] = {
            f"avg_pool{n}d": pooling.average_pool,
            f"avg_pool{n}d_backward": pooling.average_pool_backward,
            f"_adaptive_avg_pool{n}d": pooling.adaptive_pool,
            f"_adaptive_avg_pool{n}d_backward": pooling.adaptive_pool_backward,
            f"max_pool{n}d_with_indices": pooling.largest_pool,
            f"max_pool{n}d_with_indices_backward": pooling.largest_pool_backward,
        }
        found |= {name: _of_name(form, name) for name, form in pools.items()}
    found |= _NAMED
    return found


def _of_name_after(form: Form, name: str) -> Form:
    return lambda rounding, x: form(rounding, name, x)


def run_form(form: Form, name: str, rounding: Rounding, args: Any, kwargs: Any) -> Any:
    """The form, by slabs where the tensors are large and entries or rows do not meet."""
    if name in BY_ENTRIES:
        return slabs.by_entries(form, rounding, args, kwargs)
    if name in ALONG_AXES:
        at = ALONG_AXES[name]
        return slabs.by_rows(form, rounding, args, kwargs, args[at] if len(args) > at else kwargs.get("dim"))
    return form(rounding, *args, **kwargs)


BY_ENTRIES = frozenset(
    (
        *(operator for name in functions.FUNCTIONS for operator in FUNCTIONS[name].aten),
        "add",
        "sub",
        "rsub",
        "mul",
        "div",
        "pow",
        "square",
        "neg",
        "abs",
    )
) | {"relu", "maximum", "minimum", "clamp", "clamp_min", "clamp_max", "threshold_backward", "where", "masked_fill"}
# where each has the axes that it works along
ALONG_AXES = {
    "sum": 1,
    "mean": 1,
    "var": 1,
    "var_mean": 1,
    "amax": 1,
    "amin": 1,
    "logsumexp": 1,
    "linalg_vector_norm": 2,
}
ALONG_AXES |= {"_softmax": 1, "_log_softmax": 1, "_safe_softmax": 1, "_softmax_backward_data": 2}
ALONG_AXES |= {"_log_softmax_backward_data": 2}

_LOGICAL = tuple(f"{kind}_{name}" for kind in ("logical", "bitwise") for name in ("and", "or", "xor", "not"))

_NAMED: dict[str, Form] = {
    "add": arithmetic.add,
    "sub": arithmetic.subtract,
    "rsub": arithmetic.subtract_from,
    "mul": arithmetic.multiply,
    "div": arithmetic.divide,
    "pow": arithmetic.power,
    "square": lambda rounding, x: arithmetic.multiply(rounding, x, x),
    "neg": _of_ball(arithmetic.negative),
    "abs": _of_ball(arithmetic.absolute),
    "relu": _of_ball(comparisons.relu),
    "sign": _of_ball(comparisons.sign),
    "sgn": _of_ball(comparisons.sign),
    "clamp": comparisons.clamp,
    "clamp_min": lambda rounding, x, least: comparisons.clamp(rounding, x, least),
    "clamp_max": lambda rounding, x, most: comparisons.clamp(rounding, x, None, most),
    "threshold_backward": comparisons.threshold_backward,
    "hardshrink_backward": comparisons.shrink_backward,
    "softshrink_backward": comparisons.shrink_backward,
    "_weight_norm_interface_backward": normalisation.weight_norm_backward,
    "where": comparisons.where,
    "masked_fill": _masked_fill,
    "remainder": lambda rounding, x, y: _remainder(rounding, x, y, "floor"),
    "fmod": lambda rounding, x, y: _remainder(rounding, x, y, "trunc"),
    "floor_divide": lambda rounding, x, y: arithmetic.divide(rounding, x, y, "floor"),
    "polygamma": functions.polygamma,
    "special_polygamma": functions.polygamma,
    "atan2": functions.arctangent,
    "hypot": functions.hypotenuse,
    "sum": sums.total,
    "mean": sums.mean,
    "var": _variance,
    "var.correction": sums.variance,
    "var_mean.correction": _variance_and_mean,
    "std": _deviation,
    "cumsum": sums.running_sum,
    "prod": sums.product,
    "linalg_vector_norm": _norm,
    "norm": _norm,
    "mm": products.matrix_product,
    "bmm": products.matrix_product,
    "mv": products.matrix_product,
    "dot": products.matrix_product,
    "addmm": products.added_product,
    "addmv": products.added_product,
    "baddbmm": products.added_product,
    "convolution": products.convolution,
    "convolution_backward": products.convolution_backward,
    "native_layer_norm": normalisation.layer_norm,
    "native_layer_norm_backward": normalisation.layer_norm_backward,
    "_softmax": softmax.softmax,
    "_safe_softmax": _safe_softmax,
    "_log_softmax": softmax.log_softmax,
    "logsumexp": softmax.logsumexp,
    "_softmax_backward_data": softmax.softmax_backward,
    "_log_softmax_backward_data": softmax.log_softmax_backward,
    "sort": extremes.ordered,
    "sort.stable": lambda rounding, x, *, stable=None, dim=-1, descending=False: extremes.ordered(
        rounding, x, dim, descending
    ),
    "topk": extremes.topmost,
    "lift_fresh_copy": _dropped_scale,
}
