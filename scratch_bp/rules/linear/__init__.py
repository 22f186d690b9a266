"""Rules that are linear in each of their arrays: dense and its relatives."""

from scratch_bp.rules.rule import family

RULES = family(__name__, "dense", "matmul", "bilinear", "embedding", "einsum")
