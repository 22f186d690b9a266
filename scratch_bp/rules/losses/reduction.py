"""The two ways a loss gathers its terms. `mean` divides by the number of terms, and so does its gradient."""

import numpy as np

from scratch_bp.rules.shapes import Any, Scalar


def reduce(terms: Any, reduction: str) -> Scalar:
    """The terms of a loss gathered into one number, of shape ()."""
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction is 'mean' or 'sum', got {reduction!r}")
    terms = np.asanyarray(terms)  # NumPy hands out a bare element for an object array without axes
    total = np.asarray(terms.sum(), dtype=terms.dtype)
    return total if reduction == "sum" else np.asarray(total / terms.size, dtype=terms.dtype)


def share(dy: Scalar, terms: int, reduction: str) -> Scalar:
    """The cotangent of each single term, given the cotangent of the reduced loss."""
    return dy if reduction == "sum" else np.asanyarray(dy / terms)
