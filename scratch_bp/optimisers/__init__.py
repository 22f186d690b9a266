"""Optimisers as pure pairs of functions, with learning-rate schedules and clipping."""

from collections.abc import Mapping

from scratch_bp.optimisers import adadelta, adagrad, adam, lion, nadam, rmsprop, sgd
from scratch_bp.optimisers.clipping import clip_by_global_norm, clip_by_value
from scratch_bp.optimisers.optimiser import Optimiser, OptimiserState, over_dictionaries
from scratch_bp.optimisers.schedules import SCHEDULES

OPTIMISERS: Mapping[str, Optimiser] = {
    "sgd": over_dictionaries(sgd.start, sgd.update),
    "rmsprop": over_dictionaries(rmsprop.start, rmsprop.update),
    "adagrad": over_dictionaries(adagrad.start, adagrad.update),
    "adadelta": over_dictionaries(adadelta.start, adadelta.update),
    "adam": over_dictionaries(adam.start, adam.update),
    "adamw": over_dictionaries(adam.start, adam.update_decoupled),
    "nadam": over_dictionaries(nadam.start, nadam.update),
    "lion": over_dictionaries(lion.start, lion.update),
}

__all__ = ["OPTIMISERS", "SCHEDULES", "Optimiser", "OptimiserState", "clip_by_global_norm", "clip_by_value"]
