"""Attention, and what a transformer is made of."""

from collections.abc import Mapping

from scratch_bp.rules.attention import (
    masked_attention,
    multi_head_attention,
    positional_encoding,
    rotary_embedding,
    scaled_dot_product_attention,
    transformer_encoder_layer,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "scaled_dot_product_attention": Rule(scaled_dot_product_attention.forward, scaled_dot_product_attention.backward),
    "masked_attention": Rule(masked_attention.forward, masked_attention.backward),
    "multi_head_attention": Rule(multi_head_attention.forward, multi_head_attention.backward),
    "rotary_embedding": Rule(rotary_embedding.forward, rotary_embedding.backward),
    "positional_encoding": Rule(positional_encoding.forward, positional_encoding.backward),
    "transformer_encoder_layer": Rule(transformer_encoder_layer.forward, transformer_encoder_layer.backward),
}
