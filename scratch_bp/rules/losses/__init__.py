"""Losses: their value is one number, or one for each row."""

from collections.abc import Mapping

from scratch_bp.rules.losses import (
    bce,
    bce_with_logits,
    cosine_embedding,
    cross_entropy,
    cross_entropy_probabilities,
    ctc,
    gaussian_nll,
    hinge_embedding,
    huber,
    kl_div,
    l2_penalty,
    mae,
    margin_ranking,
    mse,
    multi_margin,
    nll,
    poisson_nll,
    smooth_l1,
    soft_margin,
    triplet_margin,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "mse": Rule(mse.forward, mse.backward),
    "mae": Rule(mae.forward, mae.backward),
    "huber": Rule(huber.forward, huber.backward),
    "smooth_l1": Rule(smooth_l1.forward, smooth_l1.backward),
    "cross_entropy": Rule(cross_entropy.forward, cross_entropy.backward),
    "cross_entropy_probabilities": Rule(cross_entropy_probabilities.forward, cross_entropy_probabilities.backward),
    "bce_with_logits": Rule(bce_with_logits.forward, bce_with_logits.backward),
    "margin_ranking": Rule(margin_ranking.forward, margin_ranking.backward),
    "nll": Rule(nll.forward, nll.backward),
    "bce": Rule(bce.forward, bce.backward),
    "kl_div": Rule(kl_div.forward, kl_div.backward),
    "poisson_nll": Rule(poisson_nll.forward, poisson_nll.backward),
    "gaussian_nll": Rule(gaussian_nll.forward, gaussian_nll.backward),
    "hinge_embedding": Rule(hinge_embedding.forward, hinge_embedding.backward),
    "soft_margin": Rule(soft_margin.forward, soft_margin.backward),
    "multi_margin": Rule(multi_margin.forward, multi_margin.backward),
    "cosine_embedding": Rule(cosine_embedding.forward, cosine_embedding.backward),
    "triplet_margin": Rule(triplet_margin.forward, triplet_margin.backward),
    "ctc": Rule(ctc.forward, ctc.backward),
    "l2_penalty": Rule(l2_penalty.forward, l2_penalty.backward),
}
