"""Einstein summation of two arrays: the products of their entries, summed over every label that the result lacks.

`equation` is that of torch.einsum: "bij,bjk->bik"; without the arrow the result has the labels that stand once, in
alphabetical order; "..." stands for any further axes; a label that an operand has twice is its diagonal; an axis of
size 1 is broadcast. The gradients are such sums again: from y = sum x1 x2 comes dx1 = sum dy x2 over the labels that
x1 lacks, repeated along those that x1 alone has, and likewise dx2.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import rounded, sum_to, widened, zeros_of
from scratch_bp.rules.linear.equation import Terms, read
from scratch_bp.rules.shapes import Left, Product, Right


class Saved(NamedTuple):
    """Both arrays with their axes of size 1 repeated, the shapes that they had, and the labels."""

    x1: np.ndarray
    x2: np.ndarray
    shape1: tuple[int, ...]
    shape2: tuple[int, ...]
    terms: Terms


def forward(x1: Left, x2: Right, *, equation: str) -> tuple[Product, Saved]:
    left, right, result = terms = read(equation, (x1.ndim, x2.ndim))
    sizes = _sizes((left, x1.shape), (right, x2.shape))
    a, b = (np.broadcast_to(x, [sizes[c] for c in labels], subok=True) for x, labels in ((x1, left), (x2, right)))
    return _einsum(f"{left},{right}->{result}", a, b), Saved(a, b, x1.shape, x2.shape, terms)


def backward(saved: Saved, dy: Product) -> tuple[Left, Right]:
    x1, x2, shape1, shape2, (left, right, result) = saved
    dx1 = _pulled(dy, result, x2, right, x1.shape, left)
    dx2 = _pulled(dy, result, x1, left, x2.shape, right)
    return sum_to(dx1, shape1), sum_to(dx2, shape2)


def _pulled(
    dy: np.ndarray, result: str, other: np.ndarray, others: str, shape: tuple[int, ...], labels: str
) -> np.ndarray:
    """The gradient of an operand of this shape with these labels."""
    dx, distinct = zeros_of(dy, shape), "".join(dict.fromkeys(labels))
    reached = "".join(c for c in distinct if c in result + others)
    # the entries along a label that only this operand has were summed: each takes the whole gradient of the sum
    alone = tuple(i for i, c in enumerate(distinct) if c not in reached)
    part = dx if distinct == labels else np.einsum(f"{labels}->{distinct}", dx)  # a view: the diagonal that was read
    part[...] = np.expand_dims(_einsum(f"{result},{others}->{reached}", dy, other), alone)
    return dx


def _einsum(equation: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """NumPy's sum. It knows no bfloat16: 16 bits are added up in float32 and rounded once."""
    y = np.einsum(equation, widened(a), widened(b), optimize=True)  # as a product of matrices: five times as fast
    return rounded(y, a.dtype)


def _sizes(*operands: tuple[str, tuple[int, ...]]) -> dict[str, int]:
    """The size of every label. Raises ValueError where there are two, other than 1, or two in one operand."""
    sizes: dict[str, int] = {}
    for labels, shape in operands:
        own = dict(zip(labels, shape, strict=True))
        if any(own[label] != n for label, n in zip(labels, shape, strict=True)):
            raise ValueError(f"einsum: a label that an array has twice is one size there, got {labels} for {[*shape]}")
        for label, n in own.items():
            m = sizes.get(label, 1)
            if 1 not in (n, m) and n != m:
                raise ValueError(f"einsum: a label is one size, or 1, in both arrays; got {m} and {n} for {label!r}")
            sizes[label] = n if m == 1 else m
    return sizes
