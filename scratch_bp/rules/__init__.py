"""The table of rules: pure pairs forward(*arrays, **config) -> (y, saved), backward(saved, dy) -> gradients.

Arrays go by position and configuration by keyword; backward returns one gradient per array, None for an integer array.
A new rule is a new file in its family's folder and its name in the list of that folder's `__init__.py`.
"""

from collections.abc import Mapping

from scratch_bp.rules import (
    activations,
    attention,
    combination,
    convolution,
    linear,
    losses,
    normalisation,
    pooling,
    recurrent,
    reductions,
    regularisation,
    shaping,
)
from scratch_bp.rules.rule import Rule

LAYERS: Mapping[str, Rule] = {
    **activations.RULES,
    **combination.RULES,
    **linear.RULES,
    **convolution.RULES,
    **normalisation.RULES,
    **reductions.RULES,
    **pooling.RULES,
    **shaping.RULES,
    **recurrent.RULES,
    **attention.RULES,
    **regularisation.RULES,
}

LOSSES: Mapping[str, Rule] = losses.RULES

RULES: Mapping[str, Rule] = {**LAYERS, **LOSSES}

__all__ = ["LAYERS", "LOSSES", "RULES", "Rule"]
