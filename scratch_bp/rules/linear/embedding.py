"""Embedding: the rows of a table that the indices point to, y_i = weight[x_i]; dweight_r = sum of dy_i over x_i = r.

The row padding_idx stands for no word: it is read as zeros and gets no gradient. In PyTorch's layer that row holds
zeros from the start, and so keeps them. F.embedding returns the row as it is, even when it is not zero, and still gives
it a zero gradient, which is not the derivative of that; this rule differs there. The indices have no gradient.
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
    """The rows, with zeros in place of the padding."""
    return rows if padding is None else np.where((x == padding)[..., None], like(rows, 0), rows)
