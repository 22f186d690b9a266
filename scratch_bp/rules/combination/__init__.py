"""Rules that combine several values into one."""

from scratch_bp.rules.rule import family

RULES = family(__name__, "add", "subtract", "multiply", "divide", "maximum", "minimum", "where", "concat", "stack")
