"""Einstein summation of two arrays: the products of their entries, summed over every label that the result has not.

`equation` is that of torch.einsum: "bij,bjk->bik"; without the arrow the result has the labels that stand once, in
alphabetical order; "..." stands for any further axes; a label that an operand has twice is its diagonal; an axis of
size 1 is broadcast. The gradients are such sums again: from y = sum x1 x2 comes dx1 = sum dy x2 over the labels that
x1 has not, repeated along those that x1 alone has, and likewise dx2.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import sum_to, zeros_of
from scratch_bp.rules.linear.contraction import Label, Labels, contract
from scratch_bp.rules.linear.equation import Terms, read
from scratch_bp.rules.shapes import Left, Product, Right


class Saved(NamedTuple):
    x1: Left
    x2: Right
    terms: Terms


def forward(x1: Left, x2: Right, *, equation: str) -> tuple[Product, Saved]:
    saved = Saved(x1, x2, read(equation, (x1.ndim, x2.ndim)))
    (a, labels1), (b, labels2) = _operands(saved)
    return contract(a, labels1, b, labels2, saved.terms.result), saved


def backward(saved: Saved, dy: Product) -> tuple[Left, Right]:
    x1, x2, (left, right, result) = saved
    (a, labels1), (b, labels2) = _operands(saved)
    da = _pulled(dy, result, b, labels2, a.shape, labels1)
    db = _pulled(dy, result, a, labels1, b.shape, labels2)
    return _spread_back(da, labels1, x1, left), _spread_back(db, labels2, x2, right)


def _operands(saved: Saved) -> tuple[tuple[np.ndarray, Labels], tuple[np.ndarray, Labels]]:
    """Both arrays with one axis for each of their labels, of the same size in both."""
    x1, x2, (left, right, _) = saved
    (a, labels1), (b, labels2) = _diagonal(x1, left), _diagonal(x2, right)
    sizes = dict(zip(labels1, a.shape, strict=True))
    for label, n in zip(labels2, b.shape, strict=True):
        m = sizes.get(label, 1)
        if 1 not in (n, m) and n != m:
            raise ValueError(f"einsum: a label is one size, or 1, in both arrays; got {m} and {n} for {label!r}")
        sizes[label] = n if m == 1 else m
    return (_repeated(a, labels1, sizes), labels1), (_repeated(b, labels2, sizes), labels2)


def _repeated(a: np.ndarray, labels: Labels, sizes: dict[Label, int]) -> np.ndarray:
    shape = tuple(sizes[label] for label in labels)
    return a if a.shape == shape else np.broadcast_to(a, shape)


def _diagonal(x: np.ndarray, labels: Labels) -> tuple[np.ndarray, Labels]:
    """A view of the entries at which labels that stand twice agree."""
    once = tuple(dict.fromkeys(labels))
    if len(once) == len(labels):
        return x, labels
    numbers = [once.index(label) for label in labels]
    sizes = dict(zip(labels, x.shape, strict=True))
    if any(sizes[label] != n for label, n in zip(labels, x.shape, strict=True)):
        raise ValueError(f"einsum: a label that an array has twice is one size there, got {labels} for {list(x.shape)}")
    return np.einsum(x, numbers, range(len(once))), once


def _pulled(
    dy: np.ndarray, result: Labels, b: np.ndarray, labels2: Labels, shape: tuple[int, ...], labels1: Labels
) -> np.ndarray:
    """The gradient of an operand of this shape, b being the other one."""
    moved = tuple(label for label in labels1 if label in result or label in labels2)
    da = contract(dy, result, b, labels2, moved)
    if moved != labels1:  # those it was summed over alone
        axes = tuple(i for i, label in enumerate(labels1) if label not in moved)
        da = np.broadcast_to(np.expand_dims(da, axes), shape).copy()
    return da


def _spread_back(da: np.ndarray, labels: Labels, x: np.ndarray, said: Labels) -> np.ndarray:
    """The gradient in the shape of x: undoing the repetition, and on the diagonal it was read from."""
    if labels == said:
        return sum_to(da, x.shape)
    dx = zeros_of(da, x.shape)
    onto = _diagonal(dx, said)[0]
    onto[...] = sum_to(da, onto.shape)
    return dx
