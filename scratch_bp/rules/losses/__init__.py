"""Losses: their value is one number, or one for each row."""

from collections.abc import Mapping

from scratch_bp.rules.losses import (
    bce,
    bce_with_logits,
    cross_entropy,
    huber,
    l2_penalty,
    mae,
    margin_ranking,
    mse,
    nll,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "mse": Rule(mse.forward, mse.backward),
    "mae": Rule(mae.forward, mae.backward),
    "huber": Rule(huber.forward, huber.backward),
    "cross_entropy": Rule(cross_entropy.forward, cross_entropy.backward),
    "bce_with_logits": Rule(bce_with_logits.forward, bce_with_logits.backward),
    "margin_ranking": Rule(margin_ranking.forward, margin_ranking.backward),
    "nll": Rule(nll.forward, nll.backward),
    "bce": Rule(bce.forward, bce.backward),
    "l2_penalty": Rule(l2_penalty.forward, l2_penalty.backward),
}
