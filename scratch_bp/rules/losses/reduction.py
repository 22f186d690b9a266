"""The three ways a loss gathers its terms. `mean` divides by the number of terms, and so does its gradient."""

from typing import Any

import numpy as np

from scratch_bp.elementary import rounded, widened
from scratch_bp.rules.shapes import Reduced

REDUCTIONS = ("mean", "sum", "none")


def reduce(terms: Any, reduction: str, total: Any | int | None = None) -> Reduced:
    """The terms of a loss gathered into one number, of shape (), or with "none" as they are.

    `mean` divides by `total`, which is the number of terms unless it is said to be something else.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction is one of {', '.join(REDUCTIONS)}, got {reduction!r}")
    each: np.ndarray = np.asanyarray(terms)  # NumPy hands out a bare element for an object array without axes
    if reduction == "none":
        return each
    gathered = widened(each).sum()  # and rounded once
    if reduction == "mean":
        gathered = gathered / (each.size if total is None else total)
    return np.asarray(gathered, dtype=each.dtype)


def reduce_products(a: Any, b: Any, reduction: str) -> Reduced:
    """The same of terms a b, which in 16 bits might overflow one by one."""
    a, b = np.asanyarray(a), np.asanyarray(b)
    return rounded(reduce(widened(a) * widened(b), reduction), a.dtype)


def share(dy: Reduced, total: Any | int, reduction: str) -> Reduced:
    """The cotangent of each single term, given the cotangent of the reduced loss."""
    return np.asanyarray(dy / total) if reduction == "mean" else dy


def along(each: Any, axis: int = 1) -> Any:
    """The cotangents of the terms, shaped to multiply arrays that have one more axis; a single one stays as it is."""
    each = np.asanyarray(each)
    return np.expand_dims(each, axis) if each.ndim else each


def require_rescaling(rule: str, name: str, x: np.ndarray, rescaling: np.ndarray | None) -> None:
    """Raise where an array that multiplies the terms does not broadcast to their shape."""
    if rescaling is None:
        return
    sizes = zip(reversed(rescaling.shape), reversed(x.shape), strict=False)
    if rescaling.ndim > x.ndim or not all(n in (1, size) for n, size in sizes):
        raise ValueError(
            f"{rule}: {name} must broadcast to the terms' shape {list(x.shape)}, got {list(rescaling.shape)}"
        )
