"""Elementwise functions and the slopes that people write for them: one row per function, one line per mistake.

A row speaks only when its right slope, times dy, is the truth; the rule's name plays no part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from backcheck.diagnosis.faults.fit import fits, is_truth
from backcheck.diagnosis.faults.wrong_gradient import Wrong, first
from scratch_bp.elementary import logistic

Slope = Callable[[np.ndarray, np.ndarray], np.ndarray]
ROOT = np.sqrt(2 / np.pi)


def _phi(x: np.ndarray) -> np.ndarray:
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def _cdf(x: np.ndarray) -> np.ndarray:
    return (1 + erf(x / np.sqrt(2))) / 2


def gelu_slope(x: np.ndarray) -> np.ndarray:
    return _cdf(x) + x * _phi(x)


def tanh_gelu_slope(x: np.ndarray) -> np.ndarray:
    """The slope of x (1 + tanh u) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3)."""
    t = np.tanh(ROOT * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x * (1 - t * t) / 2 * ROOT * (1 + 3 * 0.044715 * x * x)


def quick_gelu_slope(x: np.ndarray) -> np.ndarray:
    s = logistic(1.702 * x)
    return s + 1.702 * x * s * (1 - s)


@dataclass(frozen=True, slots=True)
class Mistake:
    kind: str
    words: str
    slope: Slope


@dataclass(frozen=True, slots=True)
class Function:
    """An elementwise function: its slope from the input x and the output y, in words and as code, and its mistakes."""

    name: str
    words: str
    slope: Slope
    mistakes: tuple[Mistake, ...]


FORM, FORMULA, INPUT = "gelu-form", "slope-formula", "input-for-value"
FUNCTIONS = (
    Function(
        "tanh",
        "1 - y^2",
        lambda x, y: 1 - y * y,
        (
            Mistake(INPUT, "1 - x^2", lambda x, y: 1 - x * x),
            Mistake(FORMULA, "1 - y", lambda x, y: 1 - y),
            Mistake(FORMULA, "1 + y^2", lambda x, y: 1 + y * y),
            Mistake(FORMULA, "y (1 - y), which is the sigmoid's", lambda x, y: y * (1 - y)),
            Mistake(FORMULA, "(1 - y)^2", lambda x, y: (1 - y) ** 2),
        ),
    ),
    Function(
        "sigmoid",
        "y (1 - y)",
        lambda x, y: y * (1 - y),
        (
            Mistake(INPUT, "x (1 - x)", lambda x, y: x * (1 - x)),
            Mistake(FORMULA, "1 - y", lambda x, y: 1 - y),
            Mistake(FORMULA, "y", lambda x, y: y),
            Mistake(FORMULA, "y (1 + y)", lambda x, y: y * (1 + y)),
            Mistake(FORMULA, "1 - y^2, which is tanh's", lambda x, y: 1 - y * y),
        ),
    ),
    Function(
        "exp",
        "y",
        lambda x, y: y,
        (
            Mistake(INPUT, "x", lambda x, y: x),
            Mistake(FORMULA, "x y, as of a power", lambda x, y: x * y),
        ),
    ),
    Function(
        "gelu",
        "Phi(x) + x phi(x), with erf",
        lambda x, y: gelu_slope(x),
        (
            Mistake(FORM, "that of the tanh form", lambda x, y: tanh_gelu_slope(x)),
            Mistake(FORM, "that of x sigmoid(1.702 x)", lambda x, y: quick_gelu_slope(x)),
            Mistake(FORMULA, "Phi(x); the term x phi(x) is missing", lambda x, y: _cdf(x)),
            Mistake(FORMULA, "Phi(x) + phi(x); a factor x is missing", lambda x, y: _cdf(x) + _phi(x)),
            Mistake(FORMULA, "Phi(x) - x phi(x); a sign is wrong", lambda x, y: _cdf(x) - x * _phi(x)),
        ),
    ),
    Function(
        "gelu in its tanh form",
        "that of the tanh form",
        lambda x, y: tanh_gelu_slope(x),
        (
            Mistake(FORM, "Phi(x) + x phi(x), that of the erf form", lambda x, y: gelu_slope(x)),
            Mistake(FORM, "that of x sigmoid(1.702 x)", lambda x, y: quick_gelu_slope(x)),
        ),
    ),
    Function(
        "silu",
        "s + x s (1 - s), s = sigmoid(x)",
        lambda x, y: logistic(x) * (1 + x * (1 - logistic(x))),
        (
            Mistake(FORMULA, "s; the term x s (1 - s) is missing", lambda x, y: logistic(x)),
            Mistake(FORMULA, "x s (1 - s); the term s is missing", lambda x, y: x * logistic(x) * (1 - logistic(x))),
            Mistake(FORMULA, "s (1 - s); that of the sigmoid", lambda x, y: logistic(x) * (1 - logistic(x))),
            Mistake(FORMULA, "s + s (1 - s); a factor x is missing", lambda x, y: logistic(x) * (2 - logistic(x))),
            Mistake(FORMULA, "y + x s (1 - s)", lambda x, y: y + x * logistic(x) * (1 - logistic(x))),
        ),
    ),
    Function(
        "softplus",
        "sigmoid(x)",
        lambda x, y: logistic(x),
        (
            Mistake(FORMULA, "1 - sigmoid(x)", lambda x, y: logistic(-x)),
            Mistake(FORMULA, "tanh(x)", lambda x, y: np.tanh(x)),
            Mistake(FORMULA, "s (1 - s), the second derivative", lambda x, y: logistic(x) * logistic(-x)),
        ),
    ),
    Function(
        "square root",
        "1 / (2 y)",
        lambda x, y: 1 / (2 * y),
        (Mistake(FORMULA, "1 / (2 x)", lambda x, y: 1 / (2 * x)), Mistake(FORMULA, "y / 2", lambda x, y: y / 2)),
    ),
    Function("log", "1 / x", lambda x, y: 1 / x, (Mistake(FORMULA, "1 / y", lambda x, y: 1 / y),)),
    Function("sine", "cos(x)", lambda x, y: np.cos(x), (Mistake(FORMULA, "cos(y)", lambda x, y: np.cos(y)),)),
)


def mistaken(kind: str) -> Callable[[Wrong], str | None]:
    """The test for one kind of mistake in a slope."""

    def test(wrong: Wrong) -> str | None:
        x, y = first(wrong), wrong.value
        if y is None or not x.shape == y.shape == wrong.dy.shape == wrong.want.shape == wrong.got.shape:
            return None
        for function in FUNCTIONS:
            said = _mistake_in(wrong, function, kind, x, y)
            if said:
                return said
        return None

    return test


def _mistake_in(wrong: Wrong, function: Function, kind: str, x: np.ndarray, y: np.ndarray) -> str | None:
    with np.errstate(all="ignore"):
        if not is_truth(wrong, wrong.dy * function.slope(x, y)):
            return None
        for row in function.mistakes:
            if row.kind == kind and fits(wrong, wrong.dy * row.slope(x, y)):
                return f"the slope used is {row.words}; that of {function.name} is {function.words}"
    return None
