"""The same rules in PyTorch and in JAX, side by side so that a wrong default is seen.

A mirror has its rule's signature and none of its code: the framework's own function where it has one. What is made of
pieces agrees away from the kinks, and need not on them.
"""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors import (
    activations,
    attention,
    combination,
    convolution,
    linear,
    losses,
    normalisation,
    pooling,
    recurrent,
    reductions,
    regularisation,
    shaping,
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
    **regularisation.MIRRORS,
    **losses.MIRRORS,
}

__all__ = ["MIRRORS", "Mirror"]
