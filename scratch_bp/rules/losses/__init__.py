"""Losses: their value is one number, or one for each row."""

from scratch_bp.rules.rule import family

RULES = family(
    __name__,
    "mse",
    "mae",
    "huber",
    "smooth_l1",
    "cross_entropy",
    "cross_entropy_probabilities",
    "bce_with_logits",
    "margin_ranking",
    "nll",
    "bce",
    "kl_div",
    "poisson_nll",
    "gaussian_nll",
    "hinge_embedding",
    "soft_margin",
    "multi_margin",
    "cosine_embedding",
    "triplet_margin",
    "ctc",
    "l2_penalty",
)
