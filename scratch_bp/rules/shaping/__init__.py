"""Rules that move entries about: shapes, parts, padding, sizes."""

from collections.abc import Mapping

from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {}
