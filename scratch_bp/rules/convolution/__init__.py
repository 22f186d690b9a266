"""Convolutions, and the windows they are made of."""

from scratch_bp.rules.rule import family

RULES = family(__name__, "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "unfold", "fold")
