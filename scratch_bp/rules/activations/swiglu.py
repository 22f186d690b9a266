"""Swish-gated linear unit (Shazeer, 2020): y = silu(a) b, a and b the halves of x; da = dy b silu'(a), db = dy silu(a).

The halves are those of one matrix product, as transformers have it; torch.nn has no such function.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.activations import silu
from scratch_bp.rules.activations.halves import halves
from scratch_bp.rules.shapes import Halves, Pairs


class Saved(NamedTuple):
    gate: Halves
    inner: silu.Saved
    b: Halves
    dim: int


def forward(x: Pairs, *, dim: int = -1) -> tuple[Halves, Saved]:
    a, b = halves("swiglu", x, dim)
    gate, inner = silu.forward(a)
    return gate * b, Saved(gate, inner, b, dim)


def backward(saved: Saved, dy: Halves) -> tuple[Pairs]:
    gate, inner, b, dim = saved
    (da,) = silu.backward(inner, dy)  # before b: dy b may overflow beside a gate that is shut
    return (np.concatenate([da * b, dy * gate], axis=dim),)
