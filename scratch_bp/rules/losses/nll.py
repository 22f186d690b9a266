"""Negative log likelihood of log-probabilities at class indices: the mean or sum over rows of -x[row, target[row]].

dx = -dy / rows at the row's target and 0 elsewhere. The indices have no gradient.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.losses.classes import require_classes
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Classes, Logits, Scalar


class Saved(NamedTuple):
    classes: int
    target: Classes
    reduction: str


def forward(x: Logits, target: Classes, *, reduction: str = "mean") -> tuple[Scalar, Saved]:
    rows, classes = x.shape
    require_classes("nll", target, classes)
    return reduce(-x[np.arange(rows), target], reduction), Saved(classes, target, reduction)


def backward(saved: Saved, dy: Scalar) -> tuple[Logits, None]:
    classes, target, reduction = saved
    hit = np.arange(classes) == target[:, None]
    return np.where(hit, -share(dy, len(target), reduction), like(dy, 0)), None
