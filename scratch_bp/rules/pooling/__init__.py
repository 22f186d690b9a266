"""Pooling over windows."""

from collections.abc import Mapping

from scratch_bp.rules.pooling import max_pool1d
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "max_pool1d": Rule(max_pool1d.forward, max_pool1d.backward),
}
