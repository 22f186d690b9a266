"""A small case of one rule made large, to be timed: all its axes grow by one factor, as the signature ties them.

Cases are drawn small, since exact arithmetic is slow. What costs time on real data shows on larger arrays only.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from backcheck.strategies.arrays import ArrayRecipe, make
from backcheck.strategies.case import Case
from backcheck.strategies.catalogue import fill, signature_of
from scratch_bp.network import Network, forward
from scratch_bp.rules import Rule

AXIS_FACTORS = (16, 12, 8, 6, 4, 3, 2)
MOST_TIMED_ENTRIES = 9_000  # of all arrays together: they fit into a core's own cache
LEAST_GROWTH = 4  # times the entries of the small case


def enlarged(case: Case, table: Mapping[str, Rule], shapes_from: Mapping[str, Rule]) -> Case | None:
    """The largest such case on which the rule runs; None where there is none.

    There is none where an option names a size, as the shape of a reshape does.
    """
    for factor in AXIS_FACTORS:
        with suppress(Exception):  # a rule that refuses a size may raise anything
            sizes = _sizes(case, factor, shapes_from)
            if sum(map(prod, sizes)) in range(entries(case) * LEAST_GROWTH, MOST_TIMED_ENTRIES):
                return _made(case, sizes, table)
    return None


def entries(case: Case) -> int:
    """Of all its arrays together."""
    return sum(recipe.size for recipe in case.arrays.values())


def _sizes(case: Case, factor: int, shapes_from: Mapping[str, Rule]) -> list[tuple[int, ...]]:
    """The shapes of the larger arrays; empty where the signature does not say how they hang together."""
    (node,) = case.network.nodes
    shapes, bound = signature_of(node.rule, shapes_from), dict[str, Any]()
    for place, name in enumerate(node.reads):
        known = shapes.read(place, case.arrays[name].shape, bound)
        if known is None:
            return []
        bound = dict(known)
    long = {axis: _longer(size, factor) for axis, size in bound.items()}
    return [fill(slot.dims, long) for slot in shapes.arrays[: len(node.reads)]]


def _made(case: Case, sizes: list[tuple[int, ...]], table: Mapping[str, Rule]) -> Case:
    (node,) = case.network.nodes
    specs = {name: replace(case.network.arrays[name], shape=size) for name, size in zip(node.reads, sizes, strict=True)}
    network = Network(specs, case.network.nodes, case.network.output)
    recipes = {name: _recipe(case.arrays[name], specs[name].shape, seed) for seed, name in enumerate(specs)}
    arrays = {name: make(recipe, case.dtype) for name, recipe in recipes.items()}
    with np.errstate(all="ignore"):
        value = forward(network, arrays, table).values[network.output]
    return Case(network, recipes, ArrayRecipe(np.shape(value), "normal", len(recipes)), case.dtype)


def _longer(size: Any, factor: int) -> Any:
    """An axis of 1 stays: it may be there to be broadcast."""
    if isinstance(size, tuple):
        return tuple(_longer(each, factor) for each in size)
    return size * factor if size > 1 else size


def _recipe(recipe: ArrayRecipe, shape: tuple[int, ...], seed: int) -> ArrayRecipe:
    """Ordinary numbers; class indices are those of the small case, repeated."""
    if recipe.classes is None:
        return ArrayRecipe(shape, "normal", seed, domain=recipe.domain)
    again = np.resize(make(recipe, "float64").ravel(), prod(shape))
    return replace(recipe, shape=shape, overrides=(), values=tuple(float(index) for index in again))
