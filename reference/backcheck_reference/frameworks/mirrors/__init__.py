"""The same rules in PyTorch and in JAX, side by side so that a wrong default is seen.

A mirror has its rule's signature and none of its code: the framework's own function where it has one. A mirror that is
made of pieces has the rule's gradient away from kinks; at a kink it may take another slope.
"""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors import (
    activations,
    attention,
    class_losses,
    combination,
    convolution,
    linear,
    losses,
    margin_losses,
    normalisation,
    pooling,
    recurrent,
    reductions,
    regularisation,
    shaping,
    transformer,
)
from backcheck_reference.frameworks.mirrors.mirror import Mirror

KINDS = (
    *(activations, combination, linear, convolution, normalisation, reductions, pooling, shaping, recurrent, attention),
    *(transformer, regularisation, losses, class_losses, margin_losses),
)
MIRRORS: Mapping[str, Mirror] = {rule: mirror for kind in KINDS for rule, mirror in kind.MIRRORS.items()}

__all__ = ["MIRRORS", "Mirror"]
