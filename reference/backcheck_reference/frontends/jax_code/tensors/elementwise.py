"""JAX's primitives of one entry at a time, on tensors."""

import math
import operator
from collections.abc import Mapping
from typing import Any

from backcheck_reference.frontends.jax_code.tensors.values import Form, tensor
from backcheck_reference.frontends.tensor_functions import ON_TENSORS, on_tensors
from backcheck_reference.lazy import torch


def _named(name: str) -> Form:
    return lambda x, **_: getattr(torch, name)(tensor(x))


def _of_table(name: str) -> Form:
    function = on_tensors(name)
    return lambda *values, **_: function(*map(tensor, values))


def _pair(name: str) -> Form:
    return lambda a, b, **_: getattr(torch, name)(tensor(a), tensor(b))


def _operator(function: Form) -> Form:
    """Python's operators take its numbers on either side."""
    return lambda *values, **_: function(*values)


def _extreme(name: str, neutral: float) -> Form:
    """A maximum with -inf is the other number: JAX's softmax writes one."""

    def extreme(a: Any, b: Any, **_: Any) -> Any:
        for one, other in ((a, b), (b, a)):
            if type(one) is float and one == neutral:
                return other
        return getattr(torch, name)(tensor(a), tensor(b))

    return extreme


def _divide(a: Any, b: Any, **_: Any) -> Any:
    floats = any(isinstance(x, float) or (isinstance(x, torch.Tensor) and x.is_floating_point()) for x in (a, b))
    return a / b if floats else torch.div(tensor(a), tensor(b), rounding_mode="trunc")


def _clamp(low: Any, x: Any, high: Any) -> Any:
    return torch.minimum(torch.maximum(tensor(x), tensor(low)), tensor(high))


def _cube_root(x: Any, **_: Any) -> Any:
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


def _round(x: Any, *, rounding_method: Any) -> Any:
    half_even = int(rounding_method) == 1
    return torch.round(x) if half_even else torch.sign(x) * torch.floor(torch.abs(x) + 0.5)


def select(which: Any, *cases: Any) -> Any:
    """At each entry the case of that number."""
    if not isinstance(which, torch.Tensor):
        return cases[int(which)]
    chosen = cases[0]
    for at, case in enumerate(cases[1:], start=1):
        if not isinstance(chosen, torch.Tensor) and not isinstance(case, torch.Tensor):
            chosen = tensor(chosen)  # two of Python's numbers would make a float32
        chosen = torch.where(which if which.dtype == torch.bool else which == at, case, chosen)
    return chosen


COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

ELEMENTWISE: Mapping[str, Form] = {
    **{primitive: _of_table(name) for name, row in ON_TENSORS.items() for primitive in row.jax},
    "is_finite": _named("isfinite"),
    "cbrt": _cube_root,
    "round": _round,
    **dict.fromkeys(("add", "add_any"), _operator(operator.add)),
    "sub": _operator(operator.sub),
    "mul": _operator(operator.mul),
    "neg": _operator(operator.neg),
    "div": _divide,
    "pow": lambda x, y: tensor(x) ** y,
    "integer_pow": lambda x, *, y: x**y,
    "max": _extreme("maximum", -math.inf),
    "min": _extreme("minimum", math.inf),
    "clamp": _clamp,
    **{name: _operator(getattr(operator, name)) for name in COMPARISONS},
    **{f"{name}_to": _operator(getattr(operator, name)) for name in ("eq", "lt", "le")},
    "and": _pair("bitwise_and"),
    "or": _pair("bitwise_or"),
    "xor": _pair("bitwise_xor"),
    "not": _named("bitwise_not"),
    "shift_left": _operator(operator.lshift),
    "shift_right_arithmetic": _operator(operator.rshift),
    "select_n": select,
}
