"""Regularisation; a mask is an input, so that every oracle sees the same one."""

from scratch_bp.rules.rule import family

RULES = family(__name__, "dropout", "spatial_dropout", "stochastic_depth")
