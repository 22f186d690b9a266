"""Sinusoidal positions added to x (Vaswani et al., 2017): y[p, 2i] = x[p, 2i] + sin t, y[p, 2i + 1] = x + cos t.

t = p base^(-2i / d) at position p of a width d. The positions are constants: dx = dy.
"""

from scratch_bp.rules.attention.angles import table
from scratch_bp.rules.shapes import Positions


def forward(x: Positions, *, base: float = 10000.0) -> tuple[Positions, None]:
    if base <= 0:
        raise ValueError(f"positional_encoding: base is above 0, got {base}")
    return x + table(x, base).waves, None


def backward(saved: None, dy: Positions) -> tuple[Positions]:
    return (dy.copy(),)
