"""Soft shrinkage: y = x - lambd for x > lambd, x + lambd for x < -lambd, 0 between.

Slope 1 outside and 0 between; at both kinks, |x| = lambd, it is taken as 0. With lambd = 0 it is the identity.
"""

from math import inf

from scratch_bp.elementary import clip, like
from scratch_bp.rules.activations import hardshrink
from scratch_bp.rules.shapes import Any


def forward(x: Any, *, lambd: float = 0.5) -> tuple[Any, hardshrink.Saved]:
    if lambd < 0:
        raise ValueError(f"softshrink: lambd is 0 or more, got {lambd}")
    y = clip(x - like(x, lambd), 0, inf) + clip(x + like(x, lambd), -inf, 0)
    return y, hardshrink.Saved(x, lambd)


def backward(saved: hardshrink.Saved, dy: Any) -> tuple[Any]:
    return hardshrink.backward(saved, dy)
