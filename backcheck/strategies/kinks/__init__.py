"""The points at which rules have kinks and ties, and the slope that each party is known to take there: by family."""

from backcheck.strategies.kinks import (
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
from backcheck.strategies.kinks.kink import Kink

KINKS: tuple[Kink, ...] = (
    *activations.KINKS,
    *combination.KINKS,
    *linear.KINKS,
    *convolution.KINKS,
    *normalisation.KINKS,
    *reductions.KINKS,
    *pooling.KINKS,
    *shaping.KINKS,
    *recurrent.KINKS,
    *attention.KINKS,
    *regularisation.KINKS,
    *losses.KINKS,
)

__all__ = ["KINKS", "Kink"]
