"""Negative log likelihood of targets under normal distributions of means x and variances v (Nix and Weigend, 1994):

    (log v + (x - target)^2 / v) / 2, and log(2 pi) / 2 more with `full`, where v = max(var, eps).

dx = (x - target) / v dy, the target's is its negative, and dvar = (1 - (x - target)^2 / v) / (2 v) dy where var >= eps,
0 below. var has the shape of x, or 1 for its last axis, or lacks that.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped

from scratch_bp.elementary import like, pi, sum_to
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Reduced, Tensor

Variances = Shaped[np.ndarray, "*variances"]


class Saved(NamedTuple):
    scaled: Tensor
    square: Tensor
    var: Variances
    v: Variances
    eps: float
    reduction: str


def forward(
    x: Tensor, target: Tensor, var: Variances, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> tuple[Reduced, Saved]:
    if not eps > 0:
        raise ValueError(f"gaussian_nll: eps must be above 0, got {eps}")
    shapes = (x.shape, (*x.shape[:-1], 1), x.shape[:-1]) if x.ndim else ((),)
    if var.shape not in shapes:
        raise ValueError(f"gaussian_nll: var has one of the shapes {shapes}, got {var.shape}")
    residual = x - target
    v = np.asanyarray(np.maximum(var if var.ndim == x.ndim else np.expand_dims(var, -1), like(var, eps)))
    scaled = np.asanyarray(residual / v)
    square = scaled * residual
    terms = square + np.log(v)
    if full:
        terms = terms + np.log(2 * pi(x))
    return reduce(terms / 2, reduction), Saved(scaled, square, var, v, eps, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor, Tensor, Variances]:
    scaled, square, var, v, eps, reduction = saved
    each = share(dy, scaled.size, reduction)
    dx = scaled * each
    dvar = sum_to((1 - square) / v * (each / 2), v.shape).reshape(var.shape)
    return dx, -dx, np.asanyarray(np.where(var >= like(var, eps), dvar, like(var, 0)))
