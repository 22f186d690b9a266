"""A rule whose backward spoils what forward saved."""

import numpy as np

from scratch_bp.rules import Rule


def forward(x):
    return x * x, {"x": np.array(x)}


def backward(saved, dy):
    dx = 2 * saved["x"] * dy
    saved["x"] *= 3
    return (dx,)


RULES = {"square": Rule(forward, backward)}
