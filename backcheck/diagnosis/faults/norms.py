"""Normalisations: y = gamma xhat + beta, xhat = (x - mean x) / sqrt(var x + eps), or without the mean.

Over the axes of the statistics, with dxhat = gamma dy and s = sqrt(var x + eps),

    dx = (dxhat - mean(dxhat) - xhat mean(dxhat xhat)) / s,

where the first mean is there only if x is centred. Layer, RMS, batch and instance norm differ in the axes alone. They
are found by trial: along the right axes the formula gives the truth. Each mistake is one change to the formula.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product
from typing import Any

import numpy as np

from backcheck.diagnosis.faults.fit import axis_sets, fits, is_truth, looked_at
from backcheck.diagnosis.faults.words import axes_in_words, number
from backcheck.diagnosis.faults.wrong_gradient import CUSTOMARY_EPS, Mistake, Wrong, first, floats, options
from scratch_bp.elementary import sum_to


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """A normalisation and its arrays; gamma has as many axes as x."""

    x: np.ndarray
    dy: np.ndarray
    gamma: np.ndarray
    axes: tuple[int, ...]
    centred: bool
    eps: float

    def average(self, array: np.ndarray) -> np.ndarray:
        average: np.ndarray = array.mean(axis=self.axes, keepdims=True)
        return average

    @property
    def count(self) -> int:
        return math.prod(self.x.shape[axis] for axis in self.axes)


# how people write the denominator; "right" is the right way
SCALES: Mapping[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    "right": lambda var, eps, n: np.sqrt(var + eps),
    "outside": lambda var, eps, n: np.sqrt(var) + eps,
    "none": lambda var, eps, n: np.sqrt(var),
    "squared": lambda var, eps, n: np.sqrt(var + eps * eps),
    "n - 1": lambda var, eps, n: np.sqrt(var * n / (n - 1) + eps),
    "var": lambda var, eps, n: var + eps,
    "one": lambda var, eps, n: np.ones_like(var),
}


def _centred(norm: Norm) -> np.ndarray:
    return norm.x - norm.average(norm.x) if norm.centred else norm.x


def _scale(norm: Norm, how: str) -> np.ndarray:
    var = norm.average(_centred(norm) ** 2)
    if how == "n - 1" and norm.count == 1:
        return var  # n - 1 is 0
    return SCALES[how](var, norm.eps, norm.count)


def d_x(
    norm: Norm, *, outer: str = "right", inner: str = "right", mean: float = 1, spread: float = 1, gamma: str = "inside"
) -> np.ndarray:
    """dx by the formula; the arguments change a scale, the weight of a term, or the place of gamma."""
    xhat = _centred(norm) / _scale(norm, inner)
    dxhat = norm.dy * norm.gamma if gamma == "inside" else norm.dy
    through_mean = mean * norm.average(dxhat) if norm.centred else 0.0
    dx = (dxhat - through_mean - spread * xhat * norm.average(dxhat * xhat)) / _scale(norm, outer)
    found: np.ndarray = dx * norm.gamma if gamma == "outside" else dx
    return found


def d_gamma(norm: Norm, *, inner: str = "right", centred: bool = True) -> np.ndarray:
    """The terms whose sum is the gradient of gamma."""
    terms: np.ndarray = norm.dy * (_centred(norm) if centred else norm.x) / _scale(norm, inner)
    return terms


OUTSIDE = "sqrt(var) + eps stands where sqrt(var + eps) belongs"
NO_EPS = "sqrt(var) stands where sqrt(var + eps) belongs"
NO_VARIANCE_TERM = "the term xhat mean(dxhat xhat) is missing: x also acts through the variance"
CONSTANT_STATISTICS = "mean and variance are taken as constants, not as functions of x"
GAMMA_LAST = "gamma multiplies dx at the end; it belongs to dxhat, before the means"


def _mistake(formula: Callable[..., np.ndarray], kind: str, words: str, **changes: Any) -> Mistake:
    return Mistake(kind, words, partial(formula, **changes))


# by right formula, the most telling mistake of a kind first
MISTAKES: Mapping[Callable[..., np.ndarray], tuple[Mistake, ...]] = {
    d_x: (
        _mistake(d_x, "eps-forgotten", NO_EPS, outer="none", inner="none"),
        _mistake(d_x, "eps-forgotten", f"{NO_EPS}, outside xhat", outer="none"),
        _mistake(d_x, "eps-forgotten", f"{NO_EPS}, in xhat", inner="none"),
        _mistake(d_x, "eps-misplaced", OUTSIDE, outer="outside", inner="outside"),
        _mistake(d_x, "eps-misplaced", f"{OUTSIDE}, outside xhat", outer="outside"),
        _mistake(d_x, "eps-misplaced", f"{OUTSIDE}, in xhat", inner="outside"),
        _mistake(
            d_x, "eps-misplaced", "sqrt(var + eps^2) stands for sqrt(var + eps)", outer="squared", inner="squared"
        ),
        _mistake(d_x, "ddof", "the variance is divided by n - 1, not n", outer="n - 1", inner="n - 1"),
        _mistake(d_x, "ddof", "the variance is divided by n - 1, not n, outside xhat", outer="n - 1"),
        _mistake(d_x, "root-forgotten", "var + eps stands where its square root belongs", outer="var"),
        _mistake(d_x, "scale-forgotten", "the division by sqrt(var + eps) is missing", outer="one"),
        _mistake(d_x, "mean-term", "the term mean(dxhat) is missing: x also acts through the mean", mean=0),
        _mistake(d_x, "mean-term", "the term mean(dxhat) has the wrong sign", mean=-1),
        _mistake(d_x, "variance-term", NO_VARIANCE_TERM, spread=0),
        _mistake(d_x, "variance-term", "the term xhat mean(dxhat xhat) has the wrong sign", spread=-1),
        _mistake(d_x, "variance-term", "the term xhat mean(dxhat xhat) is half or twice what it should be", spread=2),
        _mistake(d_x, "variance-term", "the term xhat mean(dxhat xhat) is half of what it should be", spread=0.5),
        _mistake(d_x, "statistics-constant", CONSTANT_STATISTICS, mean=0, spread=0),
        _mistake(d_x, "gamma-forgotten", "gamma is left out", gamma="none"),
        _mistake(d_x, "gamma-forgotten", GAMMA_LAST, gamma="outside"),
    ),
    d_gamma: (
        _mistake(d_gamma, "eps-forgotten", NO_EPS, inner="none"),
        _mistake(d_gamma, "eps-misplaced", OUTSIDE, inner="outside"),
        _mistake(d_gamma, "ddof", "the variance is divided by n - 1, not n", inner="n - 1"),
        _mistake(d_gamma, "scale-forgotten", "the division of x by sqrt(var + eps) is missing", inner="one"),
        _mistake(d_gamma, "mean-term", "x stands where x - mean x belongs", centred=False),
    ),
}
MISTAKE_KINDS = tuple(dict.fromkeys(mistake.kind for mistakes in MISTAKES.values() for mistake in mistakes))


def norms(wrong: Wrong) -> Iterator[Norm]:
    """The normalisations that this rule may be, by its shapes. An eps that is no option may be any customary one."""
    x = first(wrong)
    eps = [float(v) for name, v in options(wrong).items() if "eps" in name and isinstance(v, int | float)]
    if x.shape != wrong.dy.shape or x.dtype.kind != "f" or x.size < 2:
        return
    for axes in axis_sets(x.ndim):
        for gamma in _gammas(wrong, x, axes):
            for centred, small in product((True, False), eps[:1] or (0.0, *CUSTOMARY_EPS)):
                yield Norm(x, wrong.dy, gamma, axes, centred, small)


def _gammas(wrong: Wrong, x: np.ndarray, axes: tuple[int, ...]) -> list[np.ndarray]:
    """The rule's second array, broadcast over x in each possible way; ones if there is no such array."""
    rest = list(floats(wrong).values())[1:2]
    if not rest or rest[0].ndim > x.ndim:
        return [np.ones((1,) * x.ndim)]
    gamma = rest[0]
    found = [gamma.reshape((1,) * (x.ndim - gamma.ndim) + gamma.shape)]
    if gamma.ndim == 1 and x.ndim > 2:
        found.append(gamma.reshape((1, -1) + (1,) * (x.ndim - 2)))
    return [each for each in found if all(m in (1, n) for m, n in zip(each.shape, x.shape, strict=True))]


@lru_cache(maxsize=4)  # each kind of mistake asks
def _seen_as(wrong: Wrong) -> tuple[tuple[Norm, Callable[..., np.ndarray]], ...]:
    """Every normalisation that this rule may be, with the right formula that gives the truth."""
    return tuple((norm, right) for norm in norms(wrong) for right in MISTAKES if _gives_the_truth(wrong, norm, right))


def _gives_the_truth(wrong: Wrong, norm: Norm, right: Callable[..., np.ndarray]) -> bool:
    shape = norm.x.shape if right is d_x else norm.gamma.shape
    if math.prod(shape) != wrong.want.size or (right is d_x and shape != wrong.want.shape):
        return False
    if not np.any(looked_at(wrong, wrong.want)):  # a gradient of zeros has every formula
        return False
    return is_truth(wrong, _gradient(wrong, norm, right, right))


def _gradient(
    wrong: Wrong, norm: Norm, right: Callable[..., np.ndarray], formula: Callable[..., np.ndarray]
) -> np.ndarray:
    """What a formula for the same gradient as `right` gives, in the shape of that gradient."""
    with np.errstate(all="ignore"):
        found = formula(norm)
    return found if right is d_x else sum_to(found, norm.gamma.shape).reshape(wrong.want.shape)


def mistaken(kind: str) -> Callable[[Wrong], str | None]:
    """The test for one kind of mistake."""

    def test(wrong: Wrong) -> str | None:
        for norm, right in _seen_as(wrong):
            for mistake in MISTAKES[right]:
                if mistake.kind == kind and fits(wrong, _gradient(wrong, norm, right, mistake.formula)):
                    return _said(mistake, norm)
        return None

    return test


def _said(mistake: Mistake, norm: Norm) -> str:
    about = ""
    if mistake.kind == "ddof":
        about = f"; n is {norm.count}"
    elif mistake.kind.startswith("eps"):
        about = f"; eps is {number(norm.eps)}"
    words = mistake.words if norm.centred else re.sub(r"\bvar(iance)?\b", "mean x^2", mistake.words)
    return f"got is the gradient of a norm over {axes_in_words(norm.axes)} in which {words}{about}"


def _d_x_of_means(norm: Norm, other: Norm) -> np.ndarray:
    """dx with the statistics of the forward, and the means of the backward over other axes."""
    xhat, dxhat = _centred(norm) / _scale(norm, "right"), norm.dy * norm.gamma
    through_mean = other.average(dxhat) if norm.centred else 0.0
    found: np.ndarray = (dxhat - through_mean - xhat * other.average(dxhat * xhat)) / _scale(norm, "right")
    return found


def along_other_axes(wrong: Wrong) -> str | None:
    """The right formula, with statistics over other axes than the forward's."""
    for norm, right in _seen_as(wrong):
        for axes in axis_sets(norm.x.ndim) if right is d_x else ():
            other = replace(norm, axes=axes)
            if axes != norm.axes and other.count > 1 and fits(wrong, d_x(other)):
                over = axes_in_words(axes)
                return f"got is the gradient of a norm over {over}; the forward's is over {axes_in_words(norm.axes)}"
            if axes != norm.axes and fits(wrong, _d_x_of_means(norm, other)):
                over, own = axes_in_words(axes), axes_in_words(norm.axes)
                return f"got has the means of a norm over {over}; the forward's statistics are over {own}"
    return None
