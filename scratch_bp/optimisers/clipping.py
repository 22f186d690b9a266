"""Gradients kept within bounds before a step, as torch.nn.utils.clip_grad_value_ and clip_grad_norm_ do, but pure."""

import functools
import operator
from math import inf
from typing import Any

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.optimisers.optimiser import Params, require

TINY = 1e-6  # PyTorch's guard in the denominator


def clip_by_value(grads: Params, clip_value: float) -> dict[str, np.ndarray]:
    """Every entry clamped to [-clip_value, clip_value]."""
    require("clip_by_value", clip_value=(clip_value, 0, inf))
    return {name: np.clip(g, like(g, -clip_value), like(g, clip_value)) for name, g in grads.items()}


def clip_by_global_norm(grads: Params, max_norm: float) -> dict[str, np.ndarray]:
    """All gradients multiplied by min(1, max_norm / (norm + 1e-6)), the Euclidean norm being that of all together."""
    require("clip_by_global_norm", max_norm=(max_norm, 0, inf))
    norm = global_norm(grads)
    if not grads or norm + TINY <= max_norm:
        return {name: g.copy() for name, g in grads.items()}
    return {name: g * _in(g, max_norm / (norm + TINY)) for name, g in grads.items()}


def global_norm(grads: Params) -> Any:
    """The root of the sum of squares of every entry of every gradient."""
    total = functools.reduce(operator.add, (np.add.reduce(np.ravel(g * g)) for g in grads.values()), 0.0)
    return np.sqrt(total) if not hasattr(total, "sqrt") else total.sqrt()


def _in(g: np.ndarray, factor: Any) -> Any:
    return factor if g.dtype == object else like(g, factor)
