"""Rotary position embedding (Su et al., 2021): the pair (x_i, x_{i + d/2}) at position p turned by p base^(-2i / d).

With a and b the two halves of the width d, c and s the cosine and sine of the angles:
y = [a c - b s, b c + a s], and the gradient is turned back: dx = [da c + db s, db c - da s].
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.attention.angles import table
from scratch_bp.rules.shapes import Positions


class Saved(NamedTuple):
    cos: np.ndarray
    sin: np.ndarray


def forward(x: Positions, *, base: float = 10000.0) -> tuple[Positions, Saved]:
    if x.shape[-1] % 2:
        raise ValueError(f"rotary_embedding: the width is even, so that its halves are pairs, got {x.shape[-1]}")
    if base <= 0:
        raise ValueError(f"rotary_embedding: base is above 0, got {base}")
    sin, cos, _ = table(x, base)
    return _turned(x, cos, sin), Saved(cos, sin)


def backward(saved: Saved, dy: Positions) -> tuple[Positions]:
    cos, sin = saved
    return (_turned(dy, cos, -sin),)


def _turned(x: Positions, cos: np.ndarray, sin: np.ndarray) -> Positions:
    half = cos.shape[-1]
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)
