"""Normalisations."""

from scratch_bp.rules.rule import family

RULES = family(
    __name__,
    "layer_norm",
    "rms_norm",
    "batch_norm",
    "batch_norm_with_statistics",
    "batch_norm_eval",
    "group_norm",
    "instance_norm",
    "local_response_norm",
    "normalize",
    "weight_norm",
)
