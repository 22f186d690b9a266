"""Elementwise functions and the wrong slopes that people write for them: one row per function, one line per mistake.

A row is used only when its right slope, times dy, is the truth. The rule's name does not matter.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import erf

from backcheck.diagnosis.faults.alternatives import explains, push_forward
from backcheck.diagnosis.faults.fit import at_kinks, close, fits, is_truth, largest, off
from backcheck.diagnosis.faults.words import number
from backcheck.diagnosis.faults.wrong_gradient import Mistake, Wrong, first
from scratch_bp.elementary import logistic

LEAST_MET_AGAIN = 4
ROOT_2_OVER_PI = np.sqrt(2 / np.pi)


def _phi(x: np.ndarray) -> np.ndarray:
    """The density of the normal distribution."""
    density: np.ndarray = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return density


def _cdf(x: np.ndarray) -> np.ndarray:
    """Phi(x): the share of the normal distribution below x."""
    below: np.ndarray = (1 + erf(x / np.sqrt(2))) / 2
    return below


def gelu_slope(x: np.ndarray) -> np.ndarray:
    slope: np.ndarray = _cdf(x) + x * _phi(x)
    return slope


def tanh_gelu_slope(x: np.ndarray) -> np.ndarray:
    """The slope of x (1 + tanh u) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3)."""
    t = np.tanh(ROOT_2_OVER_PI * (x + 0.044715 * x**3))
    slope: np.ndarray = (1 + t) / 2 + x * (1 - t * t) / 2 * ROOT_2_OVER_PI * (1 + 3 * 0.044715 * x * x)
    return slope


def quick_gelu_slope(x: np.ndarray) -> np.ndarray:
    """The slope of x sigmoid(1.702 x)."""
    s = logistic(1.702 * x)
    slope: np.ndarray = s + 1.702 * x * s * (1 - s)
    return slope


@dataclass(frozen=True, slots=True)
class ElementwiseFunction:
    """An elementwise function: its slope in words and as a formula of input x and output y, and its mistakes.

    `inverse` gives x from y, where y tells it.
    """

    name: str
    words: str
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]
    mistakes: tuple[Mistake, ...]
    inverse: Callable[[np.ndarray], np.ndarray] | None = None
    value: Callable[[np.ndarray], np.ndarray] | None = None


GELU_FORM, SLOPE, INPUT_FOR_VALUE = "gelu-form", "slope-formula", "input-for-value"
ELEMENTWISE_FUNCTIONS = (
    ElementwiseFunction("tanh", "1 - y^2", lambda x, y: 1 - y * y, (
        Mistake(INPUT_FOR_VALUE, "1 - x^2", lambda x, y: 1 - x * x),
        Mistake(SLOPE, "1 - y", lambda x, y: 1 - y),
        Mistake(SLOPE, "1 + y^2", lambda x, y: 1 + y * y),
        Mistake(SLOPE, "y (1 - y), which is the sigmoid's", lambda x, y: y * (1 - y)),
        Mistake(SLOPE, "(1 - y)^2", lambda x, y: (1 - y) ** 2),
    ), np.arctanh, np.tanh),
    ElementwiseFunction("sigmoid", "y (1 - y)", lambda x, y: y * (1 - y), (
        Mistake(INPUT_FOR_VALUE, "x (1 - x)", lambda x, y: x * (1 - x)),
        Mistake(SLOPE, "1 - y", lambda x, y: 1 - y),
        Mistake(SLOPE, "y", lambda x, y: y),
        Mistake(SLOPE, "y (1 + y)", lambda x, y: y * (1 + y)),
        Mistake(SLOPE, "1 - y^2, which is tanh's", lambda x, y: 1 - y * y),
    ), lambda y: np.log(y / (1 - y)), logistic),
    ElementwiseFunction("exp", "y", lambda x, y: y, (
        Mistake(INPUT_FOR_VALUE, "x", lambda x, y: x),
        Mistake(SLOPE, "x y, as of a power", lambda x, y: x * y),
    ), np.log, np.exp),
    ElementwiseFunction("gelu", "Phi(x) + x phi(x), with erf", lambda x, y: gelu_slope(x), (
        Mistake(GELU_FORM, "that of the tanh form", lambda x, y: tanh_gelu_slope(x)),
        Mistake(GELU_FORM, "that of x sigmoid(1.702 x)", lambda x, y: quick_gelu_slope(x)),
        Mistake(SLOPE, "Phi(x); the term x phi(x) is missing", lambda x, y: _cdf(x)),
        Mistake(SLOPE, "Phi(x) + phi(x); a factor x is missing", lambda x, y: _cdf(x) + _phi(x)),
        Mistake(SLOPE, "Phi(x) - x phi(x); a sign is wrong", lambda x, y: _cdf(x) - x * _phi(x)),
    )),
    ElementwiseFunction("gelu in its tanh form", "that of the tanh form", lambda x, y: tanh_gelu_slope(x), (
        Mistake(GELU_FORM, "Phi(x) + x phi(x), that of the erf form", lambda x, y: gelu_slope(x)),
        Mistake(GELU_FORM, "that of x sigmoid(1.702 x)", lambda x, y: quick_gelu_slope(x)),
    )),
    ElementwiseFunction(
        "silu", "s + x s (1 - s), s = sigmoid(x)", lambda x, y: logistic(x) * (1 + x * (1 - logistic(x))), (
        Mistake(SLOPE, "s; the term x s (1 - s) is missing", lambda x, y: logistic(x)),
        Mistake(SLOPE, "x s (1 - s); the term s is missing", lambda x, y: x * logistic(x) * (1 - logistic(x))),
        Mistake(SLOPE, "s (1 - s); that of the sigmoid", lambda x, y: logistic(x) * (1 - logistic(x))),
        Mistake(SLOPE, "s + s (1 - s); a factor x is missing", lambda x, y: logistic(x) * (2 - logistic(x))),
        Mistake(SLOPE, "y + x s (1 - s)", lambda x, y: y + x * logistic(x) * (1 - logistic(x))),
    )),
    ElementwiseFunction("softplus", "sigmoid(x)", lambda x, y: logistic(x), (
        Mistake(SLOPE, "1 - sigmoid(x)", lambda x, y: logistic(-x)),
        Mistake(SLOPE, "tanh(x)", lambda x, y: np.tanh(x)),
        Mistake(SLOPE, "s (1 - s), the second derivative", lambda x, y: logistic(x) * logistic(-x)),
    ), lambda y: np.log(np.expm1(y)), lambda x: np.logaddexp(x, 0)),
    ElementwiseFunction("square root", "1 / (2 y)", lambda x, y: 1 / (2 * y), (
        Mistake(SLOPE, "1 / (2 x)", lambda x, y: 1 / (2 * x)),
        Mistake(SLOPE, "y / 2", lambda x, y: y / 2),
    ), np.square, np.sqrt),
    ElementwiseFunction("log", "1 / x", lambda x, y: 1 / x, (Mistake(SLOPE, "1 / y", lambda x, y: 1 / y),)),
    ElementwiseFunction("sine", "cos(x)", lambda x, y: np.cos(x), (Mistake(SLOPE, "cos(y)", lambda x, y: np.cos(y)),)),
)  # fmt: skip


def mistaken(kind: str) -> Callable[[Wrong], str | None]:
    """The test for one kind of mistake in a slope."""

    def test(wrong: Wrong) -> str | None:
        x, y = first(wrong), wrong.value
        if y is None or not x.shape == y.shape == wrong.dy.shape == wrong.want.shape == wrong.got.shape:
            return None
        said = (_mistake_in(wrong, function, kind, x, y) for function in ELEMENTWISE_FUNCTIONS)
        return next(filter(None, said), None)

    return test


def _mistake_in(wrong: Wrong, function: ElementwiseFunction, kind: str, x: np.ndarray, y: np.ndarray) -> str | None:
    with np.errstate(all="ignore"):
        if not is_truth(wrong, wrong.dy * function.slope(x, y)):
            return None
        # where the value is 0 throughout so is y (1 - y): the value tells one function from another
        if function.value is not None and not np.allclose(function.value(x), y):
            return None
        for mistake in function.mistakes:
            if mistake.kind == kind and fits(wrong, wrong.dy * mistake.formula(x, y)):
                return f"the slope used is {mistake.words}; that of {function.name} is {function.words}"
    return None


def elsewhere(wrong: Wrong) -> str | None:
    """Of an elementwise function the slope used is that of another function, by no formula that is known.

    It is elementwise where its derivative along a random direction is, entry by entry, the slope times the direction.
    What is used is a slope where entries with one x and other cotangents show one number; noise does not.
    """
    x = wrong.inputs.get(wrong.argument)
    if x is None or len({x.shape, wrong.got.shape, wrong.want.shape, wrong.dy.shape}) > 1:
        return None
    if wrong.known is not None or off(wrong).sum() < 2 or np.any(at_kinks(wrong)):
        return None
    used = wrong.dy != 0
    v = np.random.Generator(np.random.PCG64(9)).uniform(0.5, 1.5, x.shape)
    moved = push_forward(replace(wrong, dy=v))
    if moved is None or moved.shape != x.shape:
        return None
    with np.errstate(all="ignore"):
        slope, got = np.where(used, wrong.want / wrong.dy, np.nan), np.where(used, wrong.got / wrong.dy, np.nan)
    if not np.all(close(moved[used], (slope * v)[used], wrong.digits)) or np.any(wrong.got[~used]):
        return None
    if _met_again(x[used], wrong.dy[used], got[used], off(wrong)[used], wrong.digits) < LEAST_MET_AGAIN:
        return None
    at = largest(wrong, np.where(off(wrong) & used, abs(got - slope), 0.0))
    mine, right = number(got[at]), number(slope[at])
    if mine == right:
        return None
    where = f"where {wrong.argument} is {number(x[at])} its slope is {right}, and {mine} is used"
    return f"the slope used depends on {wrong.argument} alone, and is another one: {where}"


def _met_again(x: np.ndarray, dy: np.ndarray, slope: np.ndarray, wrong: np.ndarray, digits: float) -> int:
    """How many wrong slopes confirm another one at the same x, with another cotangent; 0 if one of them does not."""
    order = np.lexsort((abs(dy), x))
    same = x[order][1:] == x[order][:-1]
    if not np.all(close(slope[order][1:], slope[order][:-1], digits)[same]):
        return 0
    return int((same & (abs(dy[order][1:]) != abs(dy[order][:-1])) & wrong[order][1:]).sum())


def behind(wrong: Wrong) -> str | None:
    """A mistake in the slope of the function that comes last, as of the activation behind a matrix product.

    The gradient is linear in the slope, so a wrong slope is a wrong cotangent: dy times wrong slope / right slope.
    """
    y, x = wrong.value, first(wrong)
    if y is None or y.shape != wrong.dy.shape or wrong.known is not None or off(wrong).sum() < 2:
        return None
    with np.errstate(all="ignore"):
        for function in ELEMENTWISE_FUNCTIONS:
            if function.inverse is None or function.value is None:
                continue
            z = function.inverse(y)
            if not np.all(np.isfinite(z)) or (z.shape == x.shape and np.allclose(z, x)):
                continue
            for words, slope in _wrong_slopes(function, z, y):
                cotangent = wrong.dy * slope / function.slope(z, y)
                if np.all(np.isfinite(cotangent)) and explains(wrong, dy=cotangent):
                    return (
                        f"y is {function.name} of something, whose slope is {function.words}; the one used is {words}"
                    )
    return None


def _wrong_slopes(function: ElementwiseFunction, z: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    assert function.value is not None  # `behind` has looked
    yield "that at y, the activated value, in place of the input", function.slope(y, function.value(y))
    yield "1: it is left out", np.ones_like(y)
    for mistake in function.mistakes:
        yield mistake.words, mistake.formula(z, y)
