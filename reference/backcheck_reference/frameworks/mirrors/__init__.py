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

MIRRORS: Mapping[str, Mirror] = {
    **activations.MIRRORS,
    **combination.MIRRORS,
    **linear.MIRRORS,
    **convolution.MIRRORS,
    **normalisation.MIRRORS,
    **reductions.MIRRORS,
    **pooling.MIRRORS,
    **shaping.MIRRORS,
    **recurrent.MIRRORS,
    **attention.MIRRORS,
    **transformer.MIRRORS,
    **regularisation.MIRRORS,
    **losses.MIRRORS,
    **class_losses.MIRRORS,
    **margin_losses.MIRRORS,
}

__all__ = ["MIRRORS", "Mirror"]
