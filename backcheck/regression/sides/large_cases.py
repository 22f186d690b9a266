"""A case of one rule made at other sizes, as its signature ties its axes; and made large, to be timed.

Cases are drawn small, since exact arithmetic is slow. What costs time on real data shows on larger arrays only.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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


Shapes = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Resizable:
    """A case that can be made at other sizes.

    `bound` has its sizes by axis, `shapes` gives those of the arrays at other sizes, and `made` the case with arrays of
    such shapes; it raises whatever a rule does that refuses them.
    """

    bound: Mapping[str, Any]
    shapes: Callable[[Mapping[str, Any]], Shapes]
    made: Callable[[Shapes], Case]


def resizable(case: Case, table: Mapping[str, Rule], shapes_from: Mapping[str, Rule]) -> Resizable | None:
    """The case of one of our rules; None where the signature does not say how the arrays hang together."""
    (node,) = case.network.nodes
    signature, bound = signature_of(node.rule, shapes_from), dict[str, Any]()
    if len(node.reads) > len(signature.arrays):  # more arrays than the annotation of `*xs` stands for here
        return None
    for place, name in enumerate(node.reads):
        known = signature.read(place, case.arrays[name].shape, bound)
        if known is None:
            return None
        bound = dict(known)

    def shapes(sizes: Mapping[str, Any]) -> Shapes:
        return [fill(slot.dims, sizes) for slot in signature.arrays[: len(node.reads)]]

    def output(network: Network, arrays: Mapping[str, np.ndarray]) -> tuple[int, ...]:
        return np.shape(forward(network, arrays, table).values[network.output])

    return Resizable(bound, shapes, lambda sizes: resized(case, sizes, output))


def resized(case: Case, shapes: Shapes, output: Callable[[Network, Mapping[str, np.ndarray]], tuple[int, ...]]) -> Case:
    """The case with arrays of these shapes. `output` says the shape of the value."""
    (node,) = case.network.nodes
    specs = {
        name: replace(case.network.arrays[name], shape=size) for name, size in zip(node.reads, shapes, strict=True)
    }
    network = Network(specs, case.network.nodes, case.network.output)
    recipes = {name: _recipe(case.arrays[name], specs[name].shape, seed) for seed, name in enumerate(specs)}
    arrays = {name: make(recipe, case.dtype) for name, recipe in recipes.items()}
    with np.errstate(all="ignore"):
        shape = output(network, arrays)
    return Case(network, recipes, ArrayRecipe(shape, "normal", len(recipes)), case.dtype)


def enlarged(case: Case, of_sizes: Resizable | None) -> Case | None:
    """The largest such case on which the rule runs; None where there is none.

    There is none where an option names a size, as the shape of a reshape does.
    """
    for factor in AXIS_FACTORS if of_sizes is not None else ():
        assert of_sizes is not None
        with suppress(Exception):  # a rule that refuses a size may raise anything
            shapes = of_sizes.shapes({axis: _longer(size, factor) for axis, size in of_sizes.bound.items()})
            if sum(map(prod, shapes)) in range(entries(case) * LEAST_GROWTH, MOST_TIMED_ENTRIES):
                return of_sizes.made(shapes)
    return None


def entries(case: Case) -> int:
    """Of all its arrays together."""
    return sum(recipe.size for recipe in case.arrays.values())


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
