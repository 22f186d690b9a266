"""Both ends of the range held off: what is squared or raised to a power is divided by the largest of its size first.

A sum of squares may overflow or vanish where its root does neither. So the root of the sum of (x / scale)^2 is taken,
times the scale.
"""

from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like

MAX_EXPONENTS = {4: 128, 8: 1024}  # by the bytes of a number: that of float32 and of float64


class Scaled(NamedTuple):
    """An array as u times a scale, which broadcasts to it."""

    u: np.ndarray
    scale: Any


def scaled(x: np.ndarray, axes: tuple[int, ...], power: float = 2, least: float = 0.0) -> Scaled:
    """x as u scale such that the largest u^power over these axes, which the scale keeps, is an ordinary number.

    The scale is `least` or above where it is not 1, and it is 1 where all powers are ordinary anyway. Exact numbers
    have no ends: nothing is scaled.
    """
    one = like(x, 1)
    if x.dtype == object:
        return Scaled(x, one)
    largest = np.maximum.reduce(abs(x), axes, keepdims=True, initial=least)
    far = 2.0 ** (MAX_EXPONENTS[x.dtype.itemsize] // (2 * power))  # squares of its powers are in the range too
    if 1 / far <= largest.min(initial=far) and largest.max(initial=0) <= far:
        return Scaled(x, one)
    called = ((largest > far) | (largest < 1 / far)) & (largest > 0) & (largest < np.inf)
    if not called.any():
        return Scaled(x, one)
    scale = np.where(called, largest, one)
    return Scaled(x / scale, scale)
