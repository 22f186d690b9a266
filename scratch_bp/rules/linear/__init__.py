"""Rules that are linear in each of their arrays: dense and its relatives."""

from collections.abc import Mapping

from scratch_bp.rules.linear import dense
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "dense": Rule(dense.forward, dense.backward),
}
