"""The catalogue of faults: backward passes as people get them wrong, over the whole vocabulary of rules."""

from collections.abc import Mapping

from backcheck.campaign.power.catalogue import (
    activations,
    attention,
    behaviour,
    combination,
    convolution,
    functions,
    losses,
    normalisation,
    optimisers,
    recurrent,
    reductions,
    shaping,
)
from backcheck.campaign.power.fault import PlantedFault

FAMILIES: Mapping[str, tuple[PlantedFault, ...]] = {
    "activations": activations.FAULTS,
    "combination": combination.FAULTS,
    "reductions": reductions.FAULTS,
    "convolution": convolution.FAULTS,
    "normalisation": normalisation.FAULTS,
    "losses": losses.FAULTS,
    "attention": attention.FAULTS,
    "recurrent": recurrent.FAULTS,
    "shaping": shaping.FAULTS,
    "behaviour": behaviour.FAULTS,
    "functions": functions.FAULTS,
    "optimisers": optimisers.FAULTS,
}

CATALOGUE: tuple[PlantedFault, ...] = tuple(fault for family in FAMILIES.values() for fault in family)
