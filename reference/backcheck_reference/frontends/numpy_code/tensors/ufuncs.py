"""NumPy's and SciPy's universal functions by name, as functions of PyTorch's tensors and Python's numbers."""

import functools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from backcheck_reference.frontends.numpy_code.tensors.values import floated, one_dtype, tensor
from backcheck_reference.lazy import F, torch

Form = Callable[..., Any]


def _of_floats(name: str, place: Callable[[], Any] = lambda: torch) -> Form:
    """A function of floating-point numbers that PyTorch has under this name."""
    return lambda *args: getattr(place(), name)(*(floated(tensor(x)) for x in args))


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


def _log_sum(base: float) -> Form:
    scale = math.log(base)
    return lambda a, b: torch.logaddexp(*(floated(tensor(x)) * scale for x in (a, b))) / scale


def matmul(a: Any, b: Any) -> Any:
    return torch.matmul(*one_dtype((a, b)))


def _truth(name: str) -> Form:
    return lambda *args: getattr(torch, name)(*map(tensor, args))


def _special(name: str) -> Form:
    return _of_floats(name, lambda: torch.special)


SAME = ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
UNCHANGED = ("floor", "ceil", "trunc", "sign", "square", "isfinite", "isnan", "isinf", "signbit", "fmod")
INVERSES = {
    f"{arc}{name}{end}": f"a{name}{end}" for arc in ("arc", "a") for name in ("sin", "cos", "tan") for end in ("", "h")
}

UFUNCS: Mapping[str, Form] = {
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
    **{name: _of_floats(name) for name in SAME},
    **{name: _of_floats(own) for name, own in INVERSES.items()},
    **dict.fromkeys(("arctan2", "atan2"), _of_floats("atan2")),
    **dict.fromkeys(("deg2rad", "radians"), _of_floats("deg2rad")),
    **dict.fromkeys(("rad2deg", "degrees"), _of_floats("rad2deg")),
    "cbrt": _cube_root,
    "hypot": _of_floats("hypot"),
    "logaddexp": _of_floats("logaddexp"),
    "logaddexp2": _log_sum(2.0),
    "copysign": _of_floats("copysign"),
    "heaviside": _of_floats("heaviside"),
    "maximum": _larger,
    "minimum": _own("minimum"),
    "fmax": _own("fmax"),
    "fmin": _own("fmin"),
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
    # of scipy.special
    **{name: _special(name) for name in ("erf", "erfc", "erfinv", "erfcx", "logit", "log_ndtr", "ndtr", "ndtri")},
    **{name: _special(name) for name in ("gammaln", "digamma", "i0", "i1", "i0e", "i1e", "xlogy", "xlog1py", "entr")},
    "psi": _special("digamma"),
    "loggamma": _special("gammaln"),
    "expit": _of_floats("sigmoid"),
    "log_expit": lambda x: F.logsigmoid(floated(x)),
    "rel_entr": lambda x, y: torch.special.xlogy(tensor(x), _divide(x, y)),
}
