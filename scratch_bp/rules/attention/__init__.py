"""Attention, and what a transformer is made of."""

from scratch_bp.rules.rule import family

RULES = family(
    __name__,
    "scaled_dot_product_attention",
    "masked_attention",
    "multi_head_attention",
    "rotary_embedding",
    "positional_encoding",
    "transformer_encoder_layer",
)
