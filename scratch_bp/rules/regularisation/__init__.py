"""Regularisation; a mask is an input, so that every oracle sees the same one."""

from collections.abc import Mapping

from scratch_bp.rules.regularisation import dropout, spatial_dropout, stochastic_depth
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "dropout": Rule(dropout.forward, dropout.backward),
    "spatial_dropout": Rule(spatial_dropout.forward, spatial_dropout.backward),
    "stochastic_depth": Rule(stochastic_depth.forward, stochastic_depth.backward),
}
