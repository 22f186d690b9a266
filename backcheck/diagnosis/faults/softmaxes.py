"""Softmax and its log along an axis, and what is forgotten in them.

    softmax      y = p,      dx = p (dy - sum(dy p))
    log softmax  y = log p,  dx = dy - p sum(dy)

The axis is found by trying; a row speaks only when the right formula gives the truth.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from backcheck.diagnosis.faults.fit import fits, is_truth
from backcheck.diagnosis.faults.wrong_gradient import Wrong

Total = Callable[[np.ndarray], np.ndarray]
Formula = Callable[[np.ndarray, np.ndarray, Total], np.ndarray]  # of p, dy and the sum along the axis


@dataclass(frozen=True, slots=True)
class Mistake:
    kind: str
    words: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class Softmax:
    """One of the two: its gradient in words and as code, p from the output, and its mistakes."""

    words: str
    formula: Formula
    probability: Callable[[np.ndarray], np.ndarray]
    mistakes: tuple[Mistake, ...]


def _count(total: Total, p: np.ndarray) -> np.ndarray:
    return total(np.ones_like(p))


PLAIN = Softmax(
    "p (dy - sum(dy p))",
    lambda p, dy, total: p * (dy - total(dy * p)),
    lambda y: y,
    (
        Mistake("sum-term", "the term sum(dy p) is missing", lambda p, dy, total: p * dy),
        Mistake("sum-term", "the term sum(dy p) has the wrong sign", lambda p, dy, total: p * (dy + total(dy * p))),
        Mistake(
            "sum-term",
            "mean(dy p) stands for sum(dy p)",
            lambda p, dy, total: p * (dy - total(dy * p) / _count(total, p)),
        ),
        Mistake("sum-term", "sum(dy) stands for sum(dy p)", lambda p, dy, total: p * (dy - total(dy))),
        Mistake("sum-term", "sum(dy p) is taken over all rows", lambda p, dy, total: p * (dy - (dy * p).sum())),
        Mistake("sum-term", "the factor p is missing outside", lambda p, dy, total: dy - total(dy * p)),
        Mistake(
            "diagonal-only",
            "only the Jacobian's diagonal is used, p (1 - p) dy, as for a sigmoid",
            lambda p, dy, total: p * (1 - p) * dy,
        ),
    ),
)

LOG = Softmax(
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


def _seen_as(wrong: Wrong) -> Iterator[tuple[int, Softmax, np.ndarray, Total]]:
    """The softmax that this rule is, and along which axis."""
    y = wrong.value
    if y is None or not y.shape == wrong.dy.shape == wrong.want.shape == wrong.got.shape:
        return
    for axis in reversed(range(y.ndim)):

        def total(array: np.ndarray, axis: int = axis) -> np.ndarray:
            return array.sum(axis=axis, keepdims=True)

        for softmax in (PLAIN, LOG):
            p = softmax.probability(y)
            normal = bool(np.all(abs(total(p) - 1) < 1e-6))
            if normal and is_truth(wrong, softmax.formula(p, wrong.dy, total)):
                yield axis, softmax, p, total


def mistake(kind: str) -> Callable[[Wrong], str | None]:
    """The test for one kind of mistake."""

    def test(wrong: Wrong) -> str | None:
        for axis, softmax, p, total in _seen_as(wrong):
            for row in softmax.mistakes:
                if row.kind == kind and fits(wrong, row.formula(p, wrong.dy, total)):
                    return f"along axis {axis} the gradient is {softmax.words}, and {row.words}"
        return None

    return test
