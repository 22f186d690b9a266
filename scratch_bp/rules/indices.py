"""Arrays of indices: what is asked of them, and how what was looked up in one place is added up there again."""

import numpy as np

from scratch_bp.elementary import zeros_of
from scratch_bp.rules.shapes import Index, Tensor


def require_indices(rule: str, index: Index, size: int) -> None:
    """Raise where an index is none of 0..size-1; NumPy would take a negative one from the end."""
    if index.size and (index.min() < 0 or index.max() >= size):
        raise ValueError(f"{rule}: indices are 0..{size - 1} of {size}, got {index.min()}..{index.max()}")


def added_rows(index: Index, values: Tensor, rows: int) -> np.ndarray:
    """The table of so many rows that has, in each, the sum of the values [*index, width] that belong there."""
    width = values.shape[-1]
    return added_at(np.add.outer(index * width, np.arange(width)), values, rows * width).reshape(rows, width)


def added_at(places: np.ndarray, values: Tensor, size: int) -> np.ndarray:
    """The vector of this size that has, at each place, the sum of the values that belong there.

    The vector-Jacobian product of x[places]. One axis, since NumPy adds along one several times as fast as to rows.
    """
    total = zeros_of(values, (size,))
    np.add.at(total, places.reshape(-1), values.reshape(-1))
    return total
