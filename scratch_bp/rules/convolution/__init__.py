"""Convolutions, and the windows they are made of."""

from collections.abc import Mapping

from scratch_bp.rules.convolution import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, fold, unfold
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "conv1d": Rule(conv1d.forward, conv1d.backward),
    "conv2d": Rule(conv2d.forward, conv2d.backward),
    "conv3d": Rule(conv3d.forward, conv3d.backward),
    "conv_transpose1d": Rule(conv_transpose1d.forward, conv_transpose1d.backward),
    "conv_transpose2d": Rule(conv_transpose2d.forward, conv_transpose2d.backward),
    "unfold": Rule(unfold.forward, unfold.backward),
    "fold": Rule(fold.forward, fold.backward),
}
