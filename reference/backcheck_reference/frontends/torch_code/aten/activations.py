"""PyTorch's activation functions and their backwards on exact numbers. Scalars come as exact numbers too."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Operator
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.comparisons import greater, greater_equal, less_equal
from backcheck_reference.numbers.complex_balls import CONJUGATE
from backcheck_reference.numbers.literals import number
from backcheck_reference.numbers.scalar_functions import FLOAT_BITS, LOOPS

_sigmoid, _erf = LOOPS["sigmoid"], LOOPS["erf"]


def _leaky(x: Any, of: Any, slope: Any) -> Any:
    return np.where(greater(x, 0), of, of * slope)


def _elu(x: Any, alpha: Any = 1, scale: Any = 1, inner: Any = 1) -> Any:
    below = np.expm1(np.minimum(x, flint.arb(0)) * inner)
    return np.where(greater(x, 0), x * scale, below * alpha * scale)


def _elu_backward(dy: Any, alpha: Any, scale: Any, inner: Any, is_result: bool, x: Any) -> Any:
    below = x + alpha * scale if is_result else np.exp(np.minimum(x, flint.arb(0)) * inner) * alpha * scale
    return dy * np.where(less_equal(x, flint.arb(0)), below * inner, scale)


def _softplus(x: Any, beta: Any = 1, threshold: Any = 20) -> Any:
    linear = greater(x * beta, threshold)
    return np.where(linear, x, np.log1p(np.exp(np.where(linear, flint.arb(0), x * beta))) / beta)


def _silu_backward(dy: Any, x: Any) -> Any:
    s = _sigmoid(x)
    return dy * (s * (1 + x * (1 - s)))


# tanh(sqrt(2 / pi) (x + 0.044715 x^3)), with the constant as the decimal it is
def _inner(x: Any) -> tuple[Any, Any]:
    root, cubic = (2 / flint.arb.pi()).sqrt(), flint.arb(44715) / 1000000
    return root * (x + cubic * (x * x * x)), root * (1 + 3 * cubic * (x * x))


def _gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return x * (1 + np.tanh(_inner(x)[0])) / 2
    return x * (1 + _erf(x / flint.arb(2).sqrt())) / 2


def _gelu_backward(dy: Any, x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        inner, slope = _inner(x)
        t = np.tanh(inner)
        return dy * ((1 + t) + x * (1 - t * t) * slope) / 2
    density = np.exp(-x * x / 2) / (2 * flint.arb.pi()).sqrt()
    return dy * ((1 + _erf(x / flint.arb(2).sqrt())) / 2 + x * density)


def _log_sigmoid(x: Any) -> tuple[Any, Any]:
    z = np.exp(-abs(x))
    return np.minimum(x, flint.arb(0)) - np.log1p(z), z


def _narrow(part: int) -> Any:
    """1 / part, which some of PyTorch's kernels hold as a float32 for numbers of any dtype."""
    exactly = 1 / flint.arb(part)
    return exactly * flint.arb(1, 2.0**-24) if flint.ctx.prec < FLOAT_BITS else exactly


def _hardsigmoid_backward(dy: Any, x: Any) -> Any:
    inside = np.logical_and(np.greater(x, flint.arb(-3)), np.less(x, flint.arb(3)))
    return np.where(inside, dy * _narrow(6), flint.arb(0))


ACTIVATIONS: Mapping[str, Operator] = {
    "relu": lambda x: np.maximum(x, flint.arb(0)),
    "leaky_relu": lambda x, slope=None: _leaky(x, x, number(0.01) if slope is None else slope),
    "leaky_relu_backward": lambda dy, x, slope, is_result: _leaky(x, dy, slope),
    "threshold": lambda x, threshold, value: np.where(less_equal(x, threshold), value, x),
    "threshold_backward": lambda dy, x, threshold: np.where(less_equal(x, threshold), flint.arb(0), dy),
    "gelu": _gelu,
    "gelu_backward": _gelu_backward,
    "silu": lambda x: x * _sigmoid(x),
    "silu_backward": _silu_backward,
    "softplus": _softplus,
    "softplus_backward": lambda dy, x, beta, threshold: (
        dy * np.where(greater(x * beta, threshold), flint.arb(1), _sigmoid(x * beta))
    ),
    "log_sigmoid_forward": _log_sigmoid,
    "log_sigmoid_backward": lambda dy, x, buffer: dy * _sigmoid(-x),
    "elu": _elu,
    "elu_backward": _elu_backward,
    "hardtanh_backward": lambda dy, x, min, max: np.where(
        np.logical_or(less_equal(x, min), greater_equal(x, max)), flint.arb(0), dy
    ),
    # of complex numbers the derivative is conjugated, as everywhere in PyTorch
    "sigmoid_backward": lambda dy, y: dy * CONJUGATE(y * (1 - y)),
    "tanh_backward": lambda dy, y: dy * CONJUGATE(1 - y * y),
    "hardsigmoid_backward": _hardsigmoid_backward,
    **dict.fromkeys(
        ("hardshrink_backward", "softshrink_backward"),
        lambda dy, x, reach: np.where(np.logical_and(greater_equal(x, -reach), less_equal(x, reach)), flint.arb(0), dy),
    ),
}
