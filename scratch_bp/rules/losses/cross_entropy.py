"""Cross entropy of logits against class indices: the mean or sum over rows of -log softmax(x)[row, target[row]].

dx = (softmax(x) - onehot(target)) dy / rows. The indices have no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.activations import log_softmax
from scratch_bp.rules.losses.classes import require_classes
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Classes, Logits, Scalar


class Saved(NamedTuple):
    log_p: Logits
    target: Classes
    reduction: str


def forward(x: Logits, target: Classes, *, reduction: str = "mean") -> tuple[Scalar, Saved]:
    rows, classes = x.shape
    require_classes("cross_entropy", target, classes)
    log_p, _ = log_softmax.forward(x)
    return reduce(-log_p[np.arange(rows), target], reduction), Saved(log_p, target, reduction)


def backward(saved: Saved, dy: Scalar) -> tuple[Logits, None]:
    log_p, target, reduction = saved
    hit = np.arange(log_p.shape[1]) == target[:, None]
    p = np.exp(log_p)
    return np.where(hit, p - 1, p) * share(dy, len(target), reduction), None
