"""Dropout (Srivastava et al., 2014) with a given mask: y = x / (1 - p) where it is 1, 0 where it is 0; dx alike."""

from typing import NamedTuple

from scratch_bp.rules.regularisation.masks import kept, require_probability
from scratch_bp.rules.shapes import Mask, Tensor


class Saved(NamedTuple):
    mask: Mask
    p: float


def forward(x: Tensor, mask: Mask, *, p: float = 0.5) -> tuple[Tensor, Saved]:
    require_probability("dropout", p)
    return kept(x, mask, p), Saved(mask, p)


def backward(saved: Saved, dy: Tensor) -> tuple[Tensor, None]:
    return kept(dy, *saved), None
