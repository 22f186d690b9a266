"""Inputs for every rule, from its signature and its row in the catalogue alone."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from backcheck.catalogue import CATALOGUE, Row, RuleShapes, broadcast, fill, signature_of
from backcheck.menu import choices_of
from scratch_bp.network import ArraySpec, Network, Node

# named axes not listed here are the last number; width 1, batch 1, more and fewer axes, and broadcasting all occur
AXES = (
    {"*shape": (2, 3), "*batch": (4,), "*left": (2, 3), "*right": (2, 3), "*rest": (), "length": 5, "batch": 2, "": 3},
    {"*shape": (3,), "*batch": (), "*left": (3,), "*right": (2, 1), "*rest": (2,), "length": 3, "n_out": 1, "": 2},
    {"*shape": (2, 2, 3), "*batch": (1, 2), "*left": (1,), "*right": (), "*rest": (4,), "batch": 1, "length": 7, "": 1},
)


class Point(NamedTuple):
    """Where a rule is tried: float64 arrays (class indices are integers), the cotangent, and the options."""

    arrays: tuple[np.ndarray, ...]
    dy: np.ndarray
    config: dict[str, Any]


def points(rule: str, profile: str, *, every: bool = True) -> Iterator[Point]:
    """Points of a rule, "normal" or "lattice"; with every combination of its options, or with the first alone."""
    row, shapes = CATALOGUE[rule], signature_of(rule)
    for number, axes in enumerate(AXES):
        bound = {axis: axes.get(axis, axes[""]) for slot in shapes.arrays for axis in slot.dims}
        bound["*broadcast"] = broadcast([axes["*left"], axes["*right"]])
        sizes = [fill(slot.dims, bound) for slot in shapes.arrays]
        for config in _configs(row, sizes[0]) if every else list(_configs(row, sizes[0]))[:1]:
            rng = np.random.Generator(np.random.PCG64(number))
            arrays = tuple(_array(rng, shapes, row, i, bound, profile) for i in range(len(sizes)))
            dy = _values(rng, shapes.result(bound, sizes, config), profile)
            yield Point(arrays, dy, config)


def _configs(row: Row, shape: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    for choices in product(*(choices_of(row, option, shape) for option in row.config)):
        yield dict(zip(row.config, choices, strict=True))


def _array(
    rng: np.random.Generator, shapes: RuleShapes, row: Row, position: int, bound: dict[str, Any], profile: str
) -> np.ndarray:
    slot = shapes.arrays[position]
    shape = fill(slot.dims, bound)
    if slot.integer:
        (classes,) = fill((row.indices[slot.name],), bound)
        return np.asarray(rng.integers(0, classes, shape))
    values = _values(rng, shape, profile)
    if slot.name not in row.domain:
        return values
    low, high = row.domain[slot.name]
    return low + 0.25 + abs(values) if high == np.inf else low + (high - low) * (0.5 + values / 8).clip(1 / 8, 7 / 8)


def _values(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    drawn = rng.integers(-4, 5, shape) / 2 if profile == "lattice" else rng.standard_normal(shape)
    return np.asarray(drawn, dtype=np.float64)


def alone(rule: str, point: Point) -> tuple[Network, dict[str, np.ndarray]]:
    """The network of this one rule, and its arrays by name."""
    slots = signature_of(rule).arrays
    arrays = {slot.name: array for slot, array in zip(slots, point.arrays, strict=True)}
    classes = {slot.name: 1 + int(arrays[slot.name].max(initial=1)) if slot.integer else None for slot in slots}
    specs = {name: ArraySpec(array.shape, classes=classes[name]) for name, array in arrays.items()}
    return Network(specs, (Node("y", rule, tuple(arrays), point.config),), "y"), arrays
