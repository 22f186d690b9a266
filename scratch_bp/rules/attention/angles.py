"""The angles of positions: position p turns the pair i of a width d by p base^(-2i / d)."""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=64)
def angles(positions: int, width: int, base: float) -> np.ndarray:
    """[positions, pairs] in float64: constants, the same rounded numbers wherever they are used."""
    found = np.arange(positions)[:, None] * base ** (-np.arange(0, width, 2) / width)
    found.setflags(write=False)
    return found
