"""Embedding: the rows of a table that the indices point to, y_i = weight[x_i]; dweight_r = sum of dy_i over x_i = r.

The row padding_idx stands for no word: it counts as zeros and takes no gradient. That is a layer whose row is zeros
and stays so, as PyTorch's layer keeps it; for any other row F.embedding gives the row itself, and of that the zero
gradient would not be the derivative. The indices have no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.axes import axis_of
from scratch_bp.rules.indices import added_rows, require_indices
from scratch_bp.rules.shapes import Embedded, Lookup, Table


class Saved(NamedTuple):
    x: Lookup
    rows: int
    padding: int | None


def forward(x: Lookup, weight: Table, *, padding_idx: int | None = None) -> tuple[Embedded, Saved]:
    require_indices("embedding", x, len(weight))
    padding = None if padding_idx is None else axis_of("embedding", padding_idx, len(weight), "padding_idx")
    return _without(padding, x, weight.take(x, axis=0)), Saved(x, len(weight), padding)


def backward(saved: Saved, dy: Embedded) -> tuple[None, Table]:
    x, rows, padding = saved
    return None, added_rows(x, _without(padding, x, dy), rows)


def _without(padding: int | None, x: Lookup, rows: Embedded) -> Embedded:
    """The rows, zeros for those of the padding."""
    return rows if padding is None else np.where((x == padding)[..., None], like(rows, 0), rows)
