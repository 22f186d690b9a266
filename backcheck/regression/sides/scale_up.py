"""A small case of one rule made large, to be timed: every axis longer by one factor, as the rule's signature ties them.

Networks are drawn small, since exact arithmetic has to go through them. What costs time on real data shows on more.
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

FACTORS = (16, 12, 8, 6, 4, 3, 2)
MOST = 9_000  # entries of all arrays: they fit into a core's own cache
LARGER = 4  # times the entries, without which it is no other size


def enlarged(case: Case, table: Mapping[str, Rule], shapes_from: Mapping[str, Rule]) -> Case | None:
    """The largest of the case's enlargements that the rule runs on; None where there is none.

    Options that name sizes, as a reshape's, go with no other size.
    """
    for factor in FACTORS:
        with suppress(Exception):  # a rule that refuses a size may raise anything
            sizes = _sizes(case, factor, shapes_from)
            if sum(map(prod, sizes)) in range(_entries(case) * LARGER, MOST):
                return _made(case, sizes, table)
    return None


def _entries(case: Case) -> int:
    return sum(recipe.size for recipe in case.arrays.values())


def _sizes(case: Case, factor: int, shapes_from: Mapping[str, Rule]) -> list[tuple[int, ...]]:
    """The shapes of the larger arrays; none where the signature does not tie them."""
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
    """An axis of 1 stays one: it may be there to be broadcast."""
    if isinstance(size, tuple):
        return tuple(_longer(each, factor) for each in size)
    return size * factor if size > 1 else size


def _recipe(recipe: ArrayRecipe, shape: tuple[int, ...], seed: int) -> ArrayRecipe:
    """Ordinary numbers; class indices are the small case's own, over and over."""
    if recipe.classes is None:
        return ArrayRecipe(shape, "normal", seed, domain=recipe.domain)
    again = np.resize(make(recipe, "float64").ravel(), prod(shape))
    return replace(recipe, shape=shape, overrides=(), values=tuple(float(index) for index in again))
