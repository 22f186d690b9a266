"""Binary cross entropy of logits x against probabilities t: the mean or sum of

    w (q t softplus(-x) + (1 - t) softplus(x)).

dx = w ((1 - t) sigmoid(x) - q t sigmoid(-x)) dy / n and dt = w (q softplus(-x) - softplus(x)) dy / n. The weights, w of
the terms and q of the positive answers, are 1 where none are given, and have no gradient. Without q the term is
softplus(x) - x t, dx = (sigmoid(x) - t) dy / n and dt = -x dy / n.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped

from scratch_bp.rules.losses.reduction import reduce, require_rescaling, share
from scratch_bp.rules.losses.softpluses import decay, sigmoid, softplus
from scratch_bp.rules.shapes import Reduced, Rescaling, Tensor

Positives = Shaped[np.ndarray, "*positives"]


class Saved(NamedTuple):
    x: Tensor
    target: Tensor
    z: Tensor
    weight: Rescaling | None
    pos_weight: Positives | None
    reduction: str


def forward(
    x: Tensor,
    target: Tensor,
    weight: Rescaling | None = None,
    pos_weight: Positives | None = None,
    *,
    reduction: str = "mean",
) -> tuple[Reduced, Saved]:
    require_rescaling("bce_with_logits", "weight", x, weight)
    require_rescaling("bce_with_logits", "pos_weight", x, pos_weight)
    z = decay(x)
    if pos_weight is None:
        terms = softplus(x, z) - x * target
    else:
        terms = pos_weight * target * softplus(-x, z) + (1 - target) * softplus(x, z)
    if weight is not None:
        terms = terms * weight
    return reduce(terms, reduction), Saved(x, target, z, weight, pos_weight, reduction)


def backward(saved: Saved, dy: Reduced) -> tuple[Tensor | None, ...]:
    x, target, z, weight, q, reduction = saved
    each = share(dy, x.size, reduction)
    each = each if weight is None else each * weight
    dx = sigmoid(x, z)
    if q is None:
        dx = (dx - target) * each
        return (dx, x * -each) if weight is None else (dx, x * -each, None)
    dx = ((1 - target) * dx - q * target * sigmoid(-x, z)) * each
    return dx, (q * softplus(-x, z) - softplus(x, z)) * each, None, None
