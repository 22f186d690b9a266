"""Inputs for every rule, from its signature and its row in the catalogue alone."""

import functools
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from backcheck.strategies.arrays import inside
from backcheck.strategies.candidates import candidate_of
from backcheck.strategies.catalogue import CATALOGUE, Shape, fill, signature_of
from backcheck.strategies.catalogue.options import every_config
from backcheck.strategies.draft import Want
from scratch_bp.network import FIXED, ArraySpec, Network, Node
from scratch_bp.rules import RULES

# an axis that is not named here is the last number; width 1, batch 1, more and fewer axes, and broadcasting all occur;
# the second point has none of the optional arrays
BY_AXIS: Mapping[str, tuple[Any, Any, Any]] = {
    "*shape": ((2, 3), (3,), (2, 2, 3)),
    "*_part": ((2, 3), (3,), (2, 2, 3)),
    "*batch": ((4,), (), (1, 2)),
    "*left": ((2, 3), (3,), (1,)),
    "*right": ((2, 3), (2, 1), ()),
    "*rest": ((), (2,), (4,)),
    "*pairs": ((2, 4), (6,), (2, 2, 3)),
    "*condition": ((3,), (2, 1), (4, 1)),
    "batch": (2, 2, 1),
    "channels": (3, 2, 4),
    "features": (3, 2, 4),
    "n_out": (3, 1, 1),
    "packed": (4, 8, 9),
    "length": (5, 3, 7),
    "depth": (3, 4, 3),
    "height": (5, 4, 4),
    "width": (4, 4, 6),
    "steps": (2, 3, 1),
    "inputs": (3, 1, 2),
    "embed": (2, 2, 4),
    "source": (3, 2, 2),
    "positions": (2, 2, 1),
    "queries": (2, 2, 3),
    "tokens": (1, 2, 2),
    "model": (2, 2, 3),
    "feedforward": (3, 3, 2),
    "columns": (4, 2, 8),
    "windows": (6, 4, 9),
    "frames": (4, 3, 6),
    "classes": (3, 2, 4),
    "": (3, 2, 1),
}
AXES = tuple({axis: sizes[number] for axis, sizes in BY_AXIS.items()} for number in range(3))


class Point(NamedTuple):
    """Where a rule is tried: float64 arrays (those of integers are int64), the cotangent (a tuple for several outputs),
    and the options."""

    arrays: tuple[np.ndarray, ...]
    dy: Any
    config: dict[str, Any]


@functools.cache
def points(rule: str, profile: str, *, every: bool = True) -> tuple[Point, ...]:
    """Points of a rule, "normal" or "lattice"; with every pair of its options' choices, or with the first alone.

    A dozen tests ask for those of each rule.
    """
    return tuple(_points(rule, profile, every))


def _points(rule: str, profile: str, every: bool) -> Iterator[Point]:
    row, shapes = CATALOGUE[rule], signature_of(rule)
    for number, axes in enumerate(AXES):
        first = shapes.arrays[shapes.leader]
        sizes = {axis: axes.get(axis, axes[""]) for axis in first.dims if not axis.isdigit()}
        sizes = {axis: max(size, row.axes.get(axis, 0)) if axis[0] != "*" else size for axis, size in sizes.items()}
        shape = fill(first.dims, sizes)
        bound = shapes.read(shapes.leader, shape, {})
        assert bound is not None
        configs = list(every_config(row, shape, bound))
        for config in _covering(configs) if every else configs[:1]:
            yield _point(rule, number, shape, dict(bound), config, profile)


def _covering(configs: list[dict[str, Any]], enough: int = 12) -> list[dict[str, Any]]:
    """A few of them that have every pair of choices that stand together in any; all when there are few."""
    if len(configs) <= enough:
        return configs
    left = {pair for config in configs for pair in _pairs(config)}
    chosen = []
    while left:
        best = max(configs, key=lambda config: len(left & set(_pairs(config))))
        chosen.append(best)
        left -= set(_pairs(best))
    return chosen


def _pairs(config: Mapping[str, Any]) -> Iterator[Any]:
    return combinations([(option, repr(choice)) for option, choice in config.items()], 2)


def _point(rule: str, number: int, shape: Shape, bound: dict[str, Any], config: dict[str, Any], profile: str) -> Point:
    candidate, axes = candidate_of(rule, RULES, CATALOGUE).counted(bound, config), AXES[number]
    shapes = candidate.shapes
    rng = np.random.Generator(np.random.PCG64(number))
    arrays: list[np.ndarray] = []
    slots = [slot for slot in shapes.arrays if number != 1 or not slot.optional]
    given = [shape] * len(slots)
    for position, slot in enumerate(slots):
        want = Want(candidate, position, bound, config)
        if position != shapes.leader:
            free = {axis: axes.get(axis, axes[""]) for axis in slot.dims}
            given[position] = (
                want.shapes[number % len(want.shapes)] if want.shapes else fill(slot.dims, {**free, **bound})
            )
        bound = shapes.read(position, given[position], bound) or bound
    for position, (slot, shape) in enumerate(zip(slots, given, strict=True)):
        want = Want(candidate, position, bound, config)
        lowest = want.said.lowest
        drawn = _values(rng, shape, profile)
        whole = np.asarray(rng.integers(lowest, lowest + (want.classes or 1), shape))
        inner = drawn if want.domain is None else inside(drawn, want.domain)
        arrays.append(whole if slot.integer else inner)
    dy = [_values(rng, result, profile) for result in shapes.results(bound, given, config)]
    return Point(tuple(arrays), tuple(dy) if shapes.several else dy[0], config)


def _values(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    drawn = rng.integers(-4, 5, shape) / 2 if profile == "lattice" else rng.standard_normal(shape)
    return np.asarray(drawn, dtype=np.float64)


def alone(rule: str, point: Point) -> tuple[list[Network], dict[str, np.ndarray]]:
    """The networks of this one rule, one for each of its outputs, and its arrays by name."""
    bound = signature_of(rule).read(0, point.arrays[0].shape, {}) or {}
    slots = candidate_of(rule, RULES, CATALOGUE).counted(bound, point.config).shapes.arrays[: len(point.arrays)]
    arrays = {slot.name: array for slot, array in zip(slots, point.arrays, strict=True)}
    classes = {slot.name: 1 + int(arrays[slot.name].max(initial=1)) if slot.integer else None for slot in slots}
    roles = {name: FIXED if CATALOGUE[rule].array(name).fixed else "parameter" for name in arrays}
    specs = {name: ArraySpec(array.shape, roles[name], classes[name]) for name, array in arrays.items()}
    node = Node("y", rule, tuple(arrays), point.config)
    outputs = [f"y.{i}" for i in range(len(point.dy))] if isinstance(point.dy, tuple) else ["y"]
    return [Network(specs, (node,), output) for output in outputs], arrays
