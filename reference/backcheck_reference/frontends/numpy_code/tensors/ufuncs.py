"""NumPy's and SciPy's universal functions by name, as functions of PyTorch's tensors and Python's numbers."""

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

from backcheck_reference.frontends.numpy_code.tensors.values import floated, one_dtype, tensor
from backcheck_reference.frontends.tensor_functions import ON_TENSORS, on_tensors
from backcheck_reference.lazy import torch

Form = Callable[..., Any]


def _of_floats(name: str) -> Form:
    """A function of the table for floating-point numbers."""
    function = on_tensors(name)
    return lambda *args: function(*(floated(tensor(x)) for x in args))


def _own(name: str) -> Form:
    """A function that PyTorch has under this name, of any kind of number."""
    return lambda *args: getattr(torch, name)(*one_dtype(args))


def _python(function: Form) -> Form:
    """Python's operators, which take its numbers on either side."""

    def run(a: Any, b: Any) -> Any:
        if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
            a = tensor(a)
        if isinstance(a, float):
            b = floated(b)  # whole numbers beside a float would be a float32
        elif isinstance(b, float):
            a = floated(a)
        return function(a, b)

    return run


def _divide(a: Any, b: Any) -> Any:
    a, b = (floated(x) if isinstance(x, torch.Tensor) else x for x in (a, b))
    quotient: Any = a / b
    return quotient


def _power(x: Any, exponent: Any) -> Any:
    return (floated(tensor(x)) if isinstance(exponent, float) else x) ** exponent


def _float_power(x: Any, exponent: Any) -> Any:
    return _power(floated(tensor(x)), exponent)


def _larger(a: Any, b: Any) -> Any:
    """np.maximum(x, 0) is a relu, with its gradient 0 at 0. A maximum of tensors shares the gradient of equal ones."""
    for one, other in ((a, b), (b, a)):
        if type(one) in (int, float) and one == 0:
            return torch.relu(other)
    return torch.maximum(*one_dtype((a, b)))


def _cube_root(x: Any) -> Any:
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


def matmul(a: Any, b: Any) -> Any:
    return torch.matmul(*one_dtype((a, b)))


def _truth(name: str) -> Form:
    return lambda *args: getattr(torch, name)(*map(tensor, args))


# of whole numbers these are whole, and PyTorch's operator takes them as they are
UNCHANGED = (
    "floor",
    "ceil",
    "trunc",
    "sign",
    "square",
    "isfinite",
    "isnan",
    "isinf",
    "signbit",
    "fmod",
    "fmax",
    "fmin",
)

UFUNCS: Mapping[str, Form] = {
    **{at: _of_floats(name) for name, row in ON_TENSORS.items() for at in (name, *(f.__name__ for f in row.numpy))},
    "add": _python(operator.add),
    "subtract": _python(operator.sub),
    "multiply": _python(operator.mul),
    **dict.fromkeys(("divide", "true_divide"), _divide),
    "floor_divide": _python(operator.floordiv),
    **dict.fromkeys(("remainder", "mod"), _python(operator.mod)),
    "power": _power,
    "pow": _power,
    "float_power": _float_power,
    "negative": operator.neg,
    "positive": lambda x: x,
    **dict.fromkeys(("absolute", "abs", "fabs"), _own("abs")),
    **dict.fromkeys(("conjugate", "conj"), lambda x: x),
    "reciprocal": lambda x: 1 / floated(x),
    "rint": _own("round"),
    **{name: _own(name) for name in UNCHANGED},
    "cbrt": _cube_root,
    "maximum": _larger,
    "minimum": _own("minimum"),
    "matmul": matmul,
    "vecdot": lambda a, b: functools.reduce(operator.mul, one_dtype((a, b))).sum(-1),
    "matvec": lambda a, b: matmul(a, b[..., None])[..., 0],
    "vecmat": lambda a, b: matmul(a[..., None, :], b)[..., 0, :],
    **{name: _python(getattr(operator, short)) for name, short in (("greater", "gt"), ("greater_equal", "ge"))},
    **{name: _python(getattr(operator, short)) for name, short in (("less", "lt"), ("less_equal", "le"))},
    **{name: _python(getattr(operator, short)) for name, short in (("equal", "eq"), ("not_equal", "ne"))},
    **{f"logical_{name}": _truth(f"logical_{name}") for name in ("and", "or", "xor", "not")},
    **{f"bitwise_{name}": _truth(f"bitwise_{name}") for name in ("and", "or", "xor", "not")},
    "invert": _truth("bitwise_not"),
    "left_shift": operator.lshift,
    "right_shift": operator.rshift,
    "loggamma": _of_floats("lgamma"),
    "logit": lambda x: torch.special.logit(floated(tensor(x))),
    "rel_entr": lambda x, y: torch.special.xlogy(tensor(x), _divide(x, y)),
}
