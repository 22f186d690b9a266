"""The softmax over the classes of (batch, classes, *rest), as cross entropy needs it, with one exponential each."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from scratch_bp.rules.losses.reduction import along
from scratch_bp.rules.shapes import Scores

Totals = Shaped[np.ndarray, "batch *rest"]


class SoftmaxTerms(NamedTuple):
    """softmax(x) as e / total, and the log of the total; -log softmax(x) is that less what was shifted."""

    e: Scores
    total: Totals
    log_total: Totals

    def times(self, each: Any) -> Scores:
        """softmax(x), each row times its own number."""
        return np.asanyarray(self.e * along(each / self.total))


def shift(x: Scores) -> Scores:
    """x less the largest of its row, which changes nothing but the size of the exponentials."""
    return np.asanyarray(x - x.max(axis=1, keepdims=True))


def softmax(shifted: Scores) -> SoftmaxTerms:
    """Of what has been shifted."""
    e = np.exp(shifted)
    total = e.sum(axis=1)
    return SoftmaxTerms(e, total, np.log(total))


def require_smoothing(rule: str, label_smoothing: float) -> None:
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{rule}: label_smoothing is a probability, between 0 and 1, got {label_smoothing}")
