"""Normalisations."""

from collections.abc import Mapping

from scratch_bp.rules.normalisation import (
    batch_norm,
    layer_norm,
    rms_norm,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "layer_norm": Rule(layer_norm.forward, layer_norm.backward),
    "rms_norm": Rule(rms_norm.forward, rms_norm.backward),
    "batch_norm": Rule(batch_norm.forward, batch_norm.backward),
}
