"""Softmax and its log along an axis, and what is forgotten in them.

    softmax      y = p,      dx = p (dy - sum(dy p))
    log softmax  y = log p,  dx = dy - p sum(dy)

The axis is found by trial: along it the right formula gives the truth. Only then are the mistakes compared.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from backcheck.diagnosis.faults.fit import fits, is_truth, looked_at
from backcheck.diagnosis.faults.wrong_gradient import Mistake, Wrong

Total = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class SoftmaxGradient:
    """The gradient of one of the two: in words and as a formula of p, dy and the sum along the axis; and its mistakes.

    `probability` gives p from the output.
    """

    words: str
    formula: Callable[[np.ndarray, np.ndarray, Total], np.ndarray]
    probability: Callable[[np.ndarray], np.ndarray]
    mistakes: tuple[Mistake, ...]


def _count(total: Total, p: np.ndarray) -> np.ndarray:
    return total(np.ones_like(p))


SOFTMAX = SoftmaxGradient(
    "p (dy - sum(dy p))",
    lambda p, dy, total: p * (dy - total(dy * p)),
    lambda y: y,
    (
        Mistake("sum-term", "the term sum(dy p) is missing", lambda p, dy, total: p * dy),
        Mistake("sum-term", "the term sum(dy p) has the wrong sign", lambda p, dy, total: p * (dy + total(dy * p))),
        Mistake(
            "sum-term", "mean(dy p) stands for sum(dy p)",
            lambda p, dy, total: p * (dy - total(dy * p) / _count(total, p))),
        Mistake("sum-term", "sum(dy) stands for sum(dy p)", lambda p, dy, total: p * (dy - total(dy))),
        Mistake("sum-term", "sum(dy p) is taken over all rows", lambda p, dy, total: p * (dy - (dy * p).sum())),
        Mistake("sum-term", "the factor p is missing outside", lambda p, dy, total: dy - total(dy * p)),
        Mistake(
            "diagonal-only", "only the Jacobian's diagonal is used, p (1 - p) dy, as for a sigmoid",
            lambda p, dy, total: p * (1 - p) * dy),
    ),
)  # fmt: skip

LOG_SOFTMAX = SoftmaxGradient(
    "dy - p sum(dy)",
    lambda p, dy, total: dy - p * total(dy),
    np.exp,
    (
        Mistake("sum-term", "the term p sum(dy) has the wrong sign", lambda p, dy, total: dy + p * total(dy)),
        Mistake("sum-term", "mean(dy) stands for sum(dy)", lambda p, dy, total: dy - p * total(dy) / _count(total, p)),
        Mistake("sum-term", "sum(dy) is left out", lambda p, dy, total: dy - p),
        Mistake("sum-term", "sum(dy) is taken over all rows", lambda p, dy, total: dy - p * dy.sum()),
        Mistake("sum-term", "log p stands for p", lambda p, dy, total: dy - np.log(p) * total(dy)),
        Mistake("diagonal-only", "only the Jacobian's diagonal is used, (1 - p) dy", lambda p, dy, total: (1 - p) * dy),
    ),
)


def _seen_as(wrong: Wrong) -> Iterator[tuple[int, SoftmaxGradient, np.ndarray, Total]]:
    """The axis, the softmax that this rule is along it, its p, and the sum along the axis."""
    y = wrong.value
    if y is None or not y.shape == wrong.dy.shape == wrong.want.shape == wrong.got.shape:
        return
    if np.count_nonzero(looked_at(wrong, wrong.want)) < 2:  # a gradient of zeros has every formula
        return
    for axis in reversed(range(y.ndim)):
        if y.shape[axis] == 1:
            continue

        def total(array: np.ndarray, axis: int = axis) -> np.ndarray:
            found: np.ndarray = array.sum(axis=axis, keepdims=True)
            return found

        for softmax in (SOFTMAX, LOG_SOFTMAX):
            p = softmax.probability(y)
            normal = bool(np.all(abs(total(p) - 1) < 1e-6))
            if normal and is_truth(wrong, softmax.formula(p, wrong.dy, total)):
                yield axis, softmax, p, total


def mistaken(kind: str) -> Callable[[Wrong], str | None]:
    """The test for one kind of mistake."""

    def test(wrong: Wrong) -> str | None:
        for axis, softmax, p, total in _seen_as(wrong):
            for mistake in softmax.mistakes:
                if mistake.kind == kind and fits(wrong, mistake.formula(p, wrong.dy, total)):
                    return f"along axis {axis} the gradient is {softmax.words}, and {mistake.words}"
        return None

    return test


def along_another_axis(wrong: Wrong) -> str | None:
    """The right formula, its sum taken along an axis that the softmax is not along."""
    for axis, softmax, p, _ in _seen_as(wrong):
        for other in range(p.ndim):
            found = softmax.formula(p, wrong.dy, partial(np.sum, axis=other, keepdims=True))
            if other != axis and fits(wrong, found):
                return f"the softmax is along axis {axis}, and the sum of its gradient is taken along axis {other}"
    return None
