"""Gated linear unit (Dauphin, Fan, Auli and Grangier, 2017): y = a s, s = sigmoid(b), a and b the halves of x.

da = dy s and db = dy a s (1 - s).
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import logistic
from scratch_bp.rules.activations.halves import halves
from scratch_bp.rules.shapes import Halves, Pairs


class Saved(NamedTuple):
    a: Halves
    s: Halves
    dim: int


def forward(x: Pairs, *, dim: int = -1) -> tuple[Halves, Saved]:
    a, b = halves("glu", x, dim)
    s = logistic(b)
    return a * s, Saved(a, s, dim)


def backward(saved: Saved, dy: Halves) -> tuple[Pairs]:
    a, s, dim = saved
    da = dy * s
    # a (1 - s) first: it is no larger than a, where da a may overflow beside an open gate
    return (np.concatenate([da, da * (a * (1 - s))], axis=dim),)
