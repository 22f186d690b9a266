"""Two arrays with a label on every axis, multiplied and summed over the labels that the result has not.

The labels fall into four kinds: those of both arrays that the result has too (one product for each), those of both
that it has not (summed over: the inner axis), and those of one array that it has (its outer axes); what one array has
alone and the result has not is summed first. So every such sum is one batched matrix product, or, where nothing is
summed over, an elementwise one.
"""

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from scratch_bp.rules.linear.products import matmul

Label = str | int
Labels = tuple[Label, ...]


class Steps(NamedTuple):
    """How two arrays are laid out for a matrix product, by axis numbers, and how its result is laid out after."""

    alone1: tuple[int, ...]
    alone2: tuple[int, ...]
    order1: tuple[int, ...]
    order2: tuple[int, ...]
    each: int
    outer1: int
    inner: int
    order: tuple[int, ...]


def contract(a: np.ndarray, labels1: Labels, b: np.ndarray, labels2: Labels, labels: Labels) -> np.ndarray:
    """The sum over all labels that `labels` has not, in the order of `labels`. No array has a label twice."""
    steps = _steps(labels1, labels2, labels)
    a, b = _laid_out(a, steps.alone1, steps.order1), _laid_out(b, steps.alone2, steps.order2)
    n, m = steps.each, steps.each + steps.outer1
    sizes = (*a.shape[:m], *b.shape[n + steps.inner :])
    if not steps.inner:
        # the outer axes of a, then those of b: each array has 1 for the other's
        y = a.reshape(a.shape + (1,) * (len(sizes) - m)) * b.reshape(b.shape[:n] + (1,) * steps.outer1 + b.shape[n:])
    else:
        inner = prod(a.shape[m:])
        left = a.reshape(*a.shape[:n], prod(a.shape[n:m]), inner)
        right = b.reshape(*b.shape[:n], inner, prod(b.shape[n + steps.inner :]))
        y = matmul(left, right).reshape(sizes)
    return np.asanyarray(y).transpose(steps.order)


def _laid_out(a: np.ndarray, alone: tuple[int, ...], order: tuple[int, ...]) -> np.ndarray:
    return np.asanyarray(a.sum(axis=alone) if alone else a).transpose(order)


@lru_cache(maxsize=512)
def _steps(labels1: Labels, labels2: Labels, labels: Labels) -> Steps:
    left = [label for label in labels1 if label in labels or label in labels2]
    right = [label for label in labels2 if label in labels or label in labels1]
    each = [label for label in left if label in right and label in labels]
    inner = [label for label in left if label in right and label not in labels]
    outer1, outer2 = ([label for label in side if label not in each + inner] for side in (left, right))
    result = each + outer1 + outer2
    return Steps(
        tuple(i for i, label in enumerate(labels1) if label not in left),
        tuple(i for i, label in enumerate(labels2) if label not in right),
        tuple(map(left.index, each + outer1 + inner)),
        tuple(map(right.index, each + inner + outer2)),
        len(each),
        len(outer1),
        len(inner),
        tuple(map(result.index, labels)),
    )
