"""Hard shrinkage: y = x where |x| > lambd, else 0. Slope 1 and 0; where |x| = lambd the function jumps.

With lambd = 0 it is the identity, and has the slope 1 at x = 0 as well (PyTorch takes 0 there).
"""

from typing import NamedTuple

from scratch_bp.elementary import like, where
from scratch_bp.rules.shapes import Any


class Saved(NamedTuple):
    x: Any
    lambd: float


def forward(x: Any, *, lambd: float = 0.5) -> tuple[Any, Saved]:
    return outside(x, x, lambd), Saved(x, lambd)


def backward(saved: Saved, dy: Any) -> tuple[Any]:
    return (outside(dy, *saved),)


def outside(a: Any, x: Any, lambd: float) -> Any:
    """`a` where |x| > lambd, else 0; where nothing is shrunk, all of it."""
    return a.copy() if lambd <= 0 else where(abs(x) > like(x, lambd), a, like(a, 0))
