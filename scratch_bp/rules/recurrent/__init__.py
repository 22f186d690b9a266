"""Recurrent rules over whole sequences, and their cells."""

from collections.abc import Mapping

from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {}
