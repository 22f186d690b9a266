"""Soft shrinkage: y = x - min(max(x, -lambd), lambd), which is 0 where |x| <= lambd and nearer to 0 by lambd outside.

Slope 1 outside and 0 between; at both kinks it is taken as 0. With lambd = 0 it is the identity (see hardshrink).
"""

from scratch_bp.elementary import clip, zero_unless
from scratch_bp.rules.activations.hardshrink import beyond
from scratch_bp.rules.shapes import Tensor


def forward(x: Tensor, *, lambd: float = 0.5) -> tuple[Tensor, Tensor]:
    if lambd < 0:
        raise ValueError(f"softshrink: lambd is 0 or more, got {lambd}")
    return x - clip(x, -lambd, lambd), beyond(x, lambd)


def backward(outside: Tensor, dy: Tensor) -> tuple[Tensor]:
    return (zero_unless(outside, dy),)
