"""Dropout with a given mask: y = x / (1 - p) where the mask is 1 and 0 where it is 0; dx likewise of dy.

The mask is an array and not drawn here, so that the rule is a function; it holds indices 0 and 1 and has no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import Any, Mask


class Saved(NamedTuple):
    mask: Mask
    p: float


def forward(x: Any, mask: Mask, *, p: float = 0.5) -> tuple[Any, Saved]:
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p is a probability below 1, got {p}")
    return _kept(x, mask, p), Saved(mask, p)


def backward(saved: Saved, dy: Any) -> tuple[Any, None]:
    return _kept(dy, *saved), None


def _kept(x: Any, mask: Mask, p: float) -> Any:
    return np.where(mask != 0, x / like(x, 1 - p), like(x, 0))
