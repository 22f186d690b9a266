"""Convolutions, and the windows they are made of."""

from collections.abc import Mapping

from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {}
