"""Normalisations."""

from collections.abc import Mapping

from scratch_bp.rules.normalisation import (
    batch_norm,
    batch_norm_eval,
    batch_norm_with_statistics,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    normalize,
    rms_norm,
    weight_norm,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "layer_norm": Rule(layer_norm.forward, layer_norm.backward),
    "rms_norm": Rule(rms_norm.forward, rms_norm.backward),
    "batch_norm": Rule(batch_norm.forward, batch_norm.backward),
    "batch_norm_with_statistics": Rule(batch_norm_with_statistics.forward, batch_norm_with_statistics.backward),
    "batch_norm_eval": Rule(batch_norm_eval.forward, batch_norm_eval.backward),
    "group_norm": Rule(group_norm.forward, group_norm.backward),
    "instance_norm": Rule(instance_norm.forward, instance_norm.backward),
    "local_response_norm": Rule(local_response_norm.forward, local_response_norm.backward),
    "normalize": Rule(normalize.forward, normalize.backward),
    "weight_norm": Rule(weight_norm.forward, weight_norm.backward),
}
