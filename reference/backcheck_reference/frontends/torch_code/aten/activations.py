"""PyTorch's activation functions and their backwards on exact numbers. Scalars come as exact numbers too."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Operator, erf, ge, gt, le, logistic, number
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.complex_balls import CONJUGATE


def _leaky(x: Any, of: Any, slope: Any) -> Any:
    return np.where(gt(x, 0), of, of * slope)


def _elu(x: Any, alpha: Any = 1, scale: Any = 1, inner: Any = 1) -> Any:
    below = np.expm1(np.minimum(x, flint.arb(0)) * inner)
    return np.where(gt(x, 0), x * scale, below * alpha * scale)


def _elu_backward(dy: Any, alpha: Any, scale: Any, inner: Any, is_result: bool, x: Any) -> Any:
    below = x + alpha * scale if is_result else np.exp(np.minimum(x, flint.arb(0)) * inner) * alpha * scale
    return dy * np.where(le(x, flint.arb(0)), below * inner, scale)


def _softplus(x: Any, beta: Any = 1, threshold: Any = 20) -> Any:
    linear = gt(x * beta, threshold)
    return np.where(linear, x, np.log1p(np.exp(np.where(linear, flint.arb(0), x * beta))) / beta)


def _silu_backward(dy: Any, x: Any) -> Any:
    s = logistic(x)
    return dy * (s * (1 + x * (1 - s)))


# tanh(sqrt(2 / pi) (x + 0.044715 x^3)), with the constant as the decimal it is
def _inner(x: Any) -> tuple[Any, Any]:
    root, cubic = (2 / flint.arb.pi()).sqrt(), flint.arb(44715) / 1000000
    return root * (x + cubic * (x * x * x)), root * (1 + 3 * cubic * (x * x))


def _gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return x * (1 + np.tanh(_inner(x)[0])) / 2
    return x * (1 + erf(x / flint.arb(2).sqrt())) / 2


def _gelu_backward(dy: Any, x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        inner, slope = _inner(x)
        t = np.tanh(inner)
        return dy * ((1 + t) + x * (1 - t * t) * slope) / 2
    density = np.exp(-x * x / 2) / (2 * flint.arb.pi()).sqrt()
    return dy * ((1 + erf(x / flint.arb(2).sqrt())) / 2 + x * density)


def _log_sigmoid(x: Any) -> tuple[Any, Any]:
    z = np.exp(-abs(x))
    return np.minimum(x, flint.arb(0)) - np.log1p(z), z


ACTIVATIONS: Mapping[str, Operator] = {
    "relu": lambda x: np.maximum(x, flint.arb(0)),
    "leaky_relu": lambda x, slope=None: _leaky(x, x, number(0.01) if slope is None else slope),
    "leaky_relu_backward": lambda dy, x, slope, is_result: _leaky(x, dy, slope),
    "threshold": lambda x, threshold, value: np.where(le(x, threshold), value, x),
    "threshold_backward": lambda dy, x, threshold: np.where(le(x, threshold), flint.arb(0), dy),
    "gelu": _gelu,
    "gelu_backward": _gelu_backward,
    "silu": lambda x: x * logistic(x),
    "silu_backward": _silu_backward,
    "softplus": _softplus,
    "softplus_backward": lambda dy, x, beta, threshold: (
        dy * np.where(gt(x * beta, threshold), flint.arb(1), logistic(x * beta))
    ),
    "log_sigmoid_forward": _log_sigmoid,
    "log_sigmoid_backward": lambda dy, x, buffer: dy * logistic(-x),
    "elu": _elu,
    "elu_backward": _elu_backward,
    "hardtanh_backward": lambda dy, x, min, max: np.where(np.logical_or(le(x, min), ge(x, max)), flint.arb(0), dy),
    "sigmoid": logistic,
    # of complex numbers the derivative is conjugated, as everywhere in PyTorch
    "sigmoid_backward": lambda dy, y: dy * CONJUGATE(y * (1 - y)),
    "tanh_backward": lambda dy, y: dy * CONJUGATE(1 - y * y),
    **dict.fromkeys(
        ("hardshrink_backward", "softshrink_backward"),
        lambda dy, x, reach: np.where(np.logical_and(ge(x, -reach), le(x, reach)), flint.arb(0), dy),
    ),
}
