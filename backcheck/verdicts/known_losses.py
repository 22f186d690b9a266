"""Where rules of our own lose digits that their problems have: data with a reason, as limits are of frameworks.

Each is the formula of the textbook, and PyTorch and JAX have it too. A formula that keeps the digits would be longer,
and would accuse everybody else. The verdict stays *imprecise*, with the reason; `tests/verdicts/test_known_losses.py`
fails for one that no longer shows, and for a rule that loses digits without a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SATURATED = "the slope of tanh or of the logistic function, 1 - y^2 or y (1 - y), cancels where y is near 1"
ONE_HOT = "the pull-back of a softmax, p (g - sum p g), cancels where one weight is nearly 1"
PROJECTED = "what is left of a cotangent beside its mean and its part along x cancels where rows have two entries or so"
PARALLEL = "1 - cos cancels for vectors that are nearly parallel"
BOTH_TERMS = "a target of 0 counts both terms, and x + max(0, margin - x) cancels for x far below 0"


@dataclass(frozen=True, slots=True)
class KnownLoss:
    """A rule that loses digits, why, and arrays (with a cotangent where one is needed) at which it shows."""

    rule: str
    reason: str
    arrays: tuple[Any, ...]
    cotangent: Any = None
    config: Mapping[str, Any] = field(default_factory=dict)


def _column(count: int) -> list[list[float]]:
    return [[1.0]] * count


_PAIR, _HOT = [[1.0, -2.0]], [40.0, 0.0]
_ATTENTION = ([[40.0]], [[1.0], [0.0]], [[1.0], [0.0]])

KNOWN_LOSSES = (
    KnownLoss("tanh", SATURATED, ([20.0],)),
    KnownLoss("sigmoid", SATURATED, ([40.0],)),
    KnownLoss("rnn_cell", SATURATED, ([[40.0]], [[0.5]], _column(1), _column(1))),
    KnownLoss("gru_cell", SATURATED, ([[40.0]], [[0.5]], _column(3), _column(3))),
    KnownLoss("lstm_cell", SATURATED, ([[40.0]], [[0.5]], [[0.5]], _column(4), _column(4))),
    KnownLoss("rnn", SATURATED, ([[[40.0]]], [[[0.5]]], _column(1), _column(1)), config={"bias": False}),
    KnownLoss("gru", SATURATED, ([[[40.0]]], [[[0.5]]], _column(3), _column(3)), config={"bias": False}),
    KnownLoss("lstm", SATURATED, ([[[40.0]]], [[[0.5]]], [[[0.5]]], _column(4), _column(4)), config={"bias": False}),
    KnownLoss("softmax", ONE_HOT, (_HOT,)),
    KnownLoss("softmin", ONE_HOT, ([0.0, 40.0],)),
    KnownLoss("log_softmax", ONE_HOT, ([0.0, 20.0],), [0.0, 1.0]),
    KnownLoss("cross_entropy", ONE_HOT, ([_HOT], [0])),
    KnownLoss("cross_entropy_probabilities", ONE_HOT, ([_HOT], [[1.0, 0.0]])),
    KnownLoss("scaled_dot_product_attention", ONE_HOT, _ATTENTION),
    KnownLoss("masked_attention", ONE_HOT, (*_ATTENTION, [[1, 1]])),
    KnownLoss("layer_norm", PROJECTED, (_PAIR, [1.0, 1.0], [0.0, 0.0])),
    KnownLoss("batch_norm", PROJECTED, ([[1.0], [-2.0]], [1.0], [0.0])),
    KnownLoss("batch_norm_with_statistics", PROJECTED, ([[1.0], [-2.0]], [0.0], [1.0])),
    KnownLoss("rms_norm", PROJECTED, ([[3.0]], [1.0])),
    KnownLoss("group_norm", PROJECTED, ([_PAIR],), config={"num_groups": 1}),
    KnownLoss("instance_norm", PROJECTED, ([_PAIR],)),
    KnownLoss("cosine_embedding", PARALLEL, ([[1.0]], [[1.0]], [1])),
    KnownLoss("hinge_embedding", BOTH_TERMS, ([-1e20], [0])),
)
# layers of several rules, whose parts lose digits or take away what a bias adds
LAYERS = {
    "multi_head_attention": ONE_HOT,
    "transformer_encoder_layer": f"{ONE_HOT}; its norms take away what a bias adds",
}
REASONS: Mapping[str, str] = {**{each.rule: each.reason for each in KNOWN_LOSSES}, **LAYERS}
