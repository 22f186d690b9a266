"""Regularisation; a mask is an input, so that every oracle sees the same one."""

from collections.abc import Mapping

from scratch_bp.rules.regularisation import dropout
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "dropout": Rule(dropout.forward, dropout.backward),
}
