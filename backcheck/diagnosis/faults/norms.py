"""Normalisations: y = gamma xhat + beta, xhat = (x - mean x) / sqrt(var x + eps), or without the mean.

Over the axes of the statistics, with dxhat = gamma dy and s = sqrt(var x + eps),

    dx = (dxhat - mean(dxhat) - xhat mean(dxhat xhat)) / s,

the first mean only where x is centred. Layer, RMS, batch and instance norm differ in the axes alone, so the axes are
found by trying: those for which the formula gives the truth. Each mistake is then one change to the formula.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backcheck.diagnosis.faults.fit import axis_sets, fits, is_truth
from backcheck.diagnosis.faults.words import axes_in_words, number
from backcheck.diagnosis.faults.wrong_gradient import Wrong, first, floats, options
from scratch_bp.elementary import sum_to


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """A normalisation at its values: gamma has x's number of axes."""

    x: np.ndarray
    dy: np.ndarray
    gamma: np.ndarray
    axes: tuple[int, ...]
    centred: bool
    eps: float

    def average(self, array: np.ndarray) -> np.ndarray:
        return array.mean(axis=self.axes, keepdims=True)

    @property
    def count(self) -> int:
        return int(np.prod([self.x.shape[axis] for axis in self.axes]))


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
    return SCALES[how](var, norm.eps, norm.count) if how != "n - 1" or norm.count > 1 else var


def d_x(
    norm: Norm, *, outer: str = "right", inner: str = "right", mean: float = 1, spread: float = 1, gamma: str = "inside"
) -> np.ndarray:
    """dx by the formula, with both scales, the weights of both terms or the place of gamma changed."""
    xhat = _centred(norm) / _scale(norm, inner)
    dxhat = norm.dy * norm.gamma if gamma == "inside" else norm.dy
    through_mean = mean * norm.average(dxhat) if norm.centred else 0.0
    dx = (dxhat - through_mean - spread * xhat * norm.average(dxhat * xhat)) / _scale(norm, outer)
    return dx * norm.gamma if gamma == "outside" else dx


def d_gamma(norm: Norm, *, inner: str = "right", centred: bool = True) -> np.ndarray:
    """The terms whose sum is gamma's gradient."""
    return norm.dy * (_centred(norm) if centred else norm.x) / _scale(norm, inner)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: what it changes in a formula, and what to say."""

    kind: str
    words: str
    changes: Mapping[str, Any]
    formula: Callable[..., np.ndarray] = d_x


OUTSIDE = "sqrt(var) + eps stands where sqrt(var + eps) belongs"
MISTAKES = (
    Mistake("eps-forgotten", "sqrt(var) stands where sqrt(var + eps) belongs", {"outer": "none", "inner": "none"}),
    Mistake("eps-forgotten", "sqrt(var) stands where sqrt(var + eps) belongs, outside xhat", {"outer": "none"}),
    Mistake("eps-forgotten", "sqrt(var) stands where sqrt(var + eps) belongs, in xhat", {"inner": "none"}),
    Mistake("eps-forgotten", "sqrt(var) stands where sqrt(var + eps) belongs", {"inner": "none"}, d_gamma),
    Mistake("eps-misplaced", OUTSIDE, {"outer": "outside", "inner": "outside"}),
    Mistake("eps-misplaced", f"{OUTSIDE}, outside xhat", {"outer": "outside"}),
    Mistake("eps-misplaced", f"{OUTSIDE}, in xhat", {"inner": "outside"}),
    Mistake("eps-misplaced", "sqrt(var + eps^2) stands for sqrt(var + eps)", {"outer": "squared", "inner": "squared"}),
    Mistake("eps-misplaced", f"{OUTSIDE}", {"inner": "outside"}, d_gamma),
    Mistake("ddof", "the variance is divided by n - 1, not n", {"outer": "n - 1", "inner": "n - 1"}),
    Mistake("ddof", "the variance is divided by n - 1, not n, outside xhat", {"outer": "n - 1"}),
    Mistake("ddof", "the variance is divided by n - 1, not n", {"inner": "n - 1"}, d_gamma),
    Mistake("root-forgotten", "var + eps stands where its square root belongs", {"outer": "var"}),
    Mistake("scale-forgotten", "the division by sqrt(var + eps) is missing", {"outer": "one"}),
    Mistake("scale-forgotten", "the division of x by sqrt(var + eps) is missing", {"inner": "one"}, d_gamma),
    Mistake("mean-term", "the term mean(dxhat) is missing: x also acts through the mean", {"mean": 0}),
    Mistake("mean-term", "the term mean(dxhat) has the wrong sign", {"mean": -1}),
    Mistake("mean-term", "x stands where x - mean x belongs", {"centred": False}, d_gamma),
    Mistake(
        "variance-term", "the term xhat mean(dxhat xhat) is missing: x also acts through the variance", {"spread": 0}
    ),
    Mistake("variance-term", "the term xhat mean(dxhat xhat) has the wrong sign", {"spread": -1}),
    Mistake("variance-term", "the term xhat mean(dxhat xhat) is half or twice what it should be", {"spread": 2}),
    Mistake("variance-term", "the term xhat mean(dxhat xhat) is half of what it should be", {"spread": 0.5}),
    Mistake(
        "statistics-constant",
        "mean and variance are taken as constants, not as functions of x",
        {"mean": 0, "spread": 0},
    ),
    Mistake("gamma-forgotten", "gamma is left out", {"gamma": "none"}),
    Mistake(
        "gamma-forgotten", "gamma multiplies dx at the end; it belongs to dxhat, before the means", {"gamma": "outside"}
    ),
)


def norms(wrong: Wrong) -> Iterator[Norm]:
    """The normalisations that this rule may be."""
    x = first(wrong)
    eps = [float(v) for name, v in options(wrong).items() if "eps" in name and isinstance(v, int | float)]
    if x.shape != wrong.dy.shape or x.dtype.kind != "f" or x.size < 2:
        return
    for axes in axis_sets(x.ndim):
        for gamma in _gammas(wrong, x, axes):
            for centred in (True, False):
                yield Norm(x, wrong.dy, gamma, axes, centred, eps[0] if eps else 0.0)


def _gammas(wrong: Wrong, x: np.ndarray, axes: tuple[int, ...]) -> list[np.ndarray]:
    """The second array, laid along the axes it can stand for; ones where there is none."""
    rest = list(floats(wrong).values())[1:2]
    if not rest or rest[0].ndim > x.ndim:
        return [np.ones((1,) * x.ndim)]
    gamma = rest[0]
    found = [gamma.reshape((1,) * (x.ndim - gamma.ndim) + gamma.shape)]
    if gamma.ndim == 1 and x.ndim > 2:
        found.append(gamma.reshape((1, -1) + (1,) * (x.ndim - 2)))
    return [each for each in found if all(m in (1, n) for m, n in zip(each.shape, x.shape, strict=True))]


def _as_argument(
    wrong: Wrong, norm: Norm, formula: Callable[..., np.ndarray], changes: Mapping[str, Any]
) -> np.ndarray:
    with np.errstate(all="ignore"):
        found = formula(norm, **changes)
    return found if formula is d_x else sum_to(found, norm.gamma.shape).reshape(wrong.want.shape)


def _applies(wrong: Wrong, norm: Norm, formula: Callable[..., np.ndarray]) -> bool:
    """The formula, unchanged, gives the truth."""
    shape = norm.x.shape if formula is d_x else norm.gamma.shape
    if int(np.prod(shape)) != wrong.want.size or (formula is d_x and shape != wrong.want.shape):
        return False
    return is_truth(wrong, _as_argument(wrong, norm, formula, {}))


@lru_cache(maxsize=4)  # each kind of mistake asks
def _seen_as(wrong: Wrong) -> tuple[tuple[Norm, Callable[..., np.ndarray]], ...]:
    """Every normalisation that this rule is, by what its gradient is."""
    return tuple(
        (norm, formula) for norm in norms(wrong) for formula in (d_x, d_gamma) if _applies(wrong, norm, formula)
    )


def mistake(kind: str) -> Callable[[Wrong], str | None]:
    """The test for one kind of mistake."""
    rows = [row for row in MISTAKES if row.kind == kind]

    def test(wrong: Wrong) -> str | None:
        for norm, formula in _seen_as(wrong):
            for row in rows:
                if row.formula is formula and fits(wrong, _as_argument(wrong, norm, formula, row.changes)):
                    return _said(row, norm)
        return None

    return test


def _said(row: Mistake, norm: Norm) -> str:
    about = {"ddof": f"; n is {norm.count}"}.get(row.kind, "")
    if row.kind.startswith("eps"):
        about = f"; eps is {number(norm.eps)}"
    words = row.words if norm.centred else row.words.replace("var", "mean x^2")
    return f"got is the gradient of a norm over {axes_in_words(norm.axes)} in which {words}{about}"
