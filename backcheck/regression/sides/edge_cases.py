"""Cases at the edges of a rule: long axes one by one, no axis, an empty axis, numbers that are large, tiny, nan or
infinite, and every layout in memory.

They are made from a few ordinary cases, by what the rule's signature, or its own description, says of its axes. The
two sides are compared on their bits there; where these differ and the numbers are finite, the truth is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from backcheck.regression.sides.large_cases import Resizable
from backcheck.strategies.arrays import ArrayRecipe
from backcheck.strategies.case import Case
from backcheck.strategies.case_layouts import layouts_of
from backcheck.strategies.layouts import CONTIGUOUS

LONG = (9, 17, 33, 65, 129, 257)  # one beyond what code is unrolled, blocked and tiled by
ALL_LONG = (9, 10, 11, 13)  # of every axis at once: together they are beyond 64 where no axis is
MOST_ENTRIES = 20_000
MOST_ORDINARY = 50
# an infinite entry, and finite ones from which exponentials and squares leave their dtype
ODD_ENTRIES = (np.nan, np.inf, -np.inf)
LARGE_ENTRIES = (800.0, -800.0, 1e30, 1e-30, 100.0, -100.0)
STARRED: tuple[tuple[int, ...], ...] = (
    (), (7,), (1,), (2, 3), (2, 3, 4), (2, 1, 3, 2), (17,), (257,), (0,), (2, 0),
)  # fmt: skip


def edge_cases(
    base: Case, of_sizes: Resizable | None, dtypes: Sequence[str], first: bool
) -> Iterator[tuple[str, Case]]:
    """The cases around one ordinary case, each with what is at the edge about it. Only those of the `first` of a
    rule are laid out otherwise."""
    wide = "float64" if "float64" in dtypes else dtypes[0]
    # in memory of its own: where entries share memory none of them can be changed alone
    arrays = {name: replace(recipe, layout=CONTIGUOUS) for name, recipe in base.arrays.items()}
    base = replace(base, dtype=wide, arrays=arrays, cotangent=replace(base.cotangent, layout=CONTIGUOUS))
    others = [] if of_sizes is None else list(_other_sizes(of_sizes))
    for said, case in others:
        yield f"{said} {wide}", replace(case, dtype=wide)
    for at, dtype in enumerate(dtypes):
        if dtype != wide:
            yield from ((f"{said} {dtype}", replace(case, dtype=dtype)) for said, case in others[at :: 2 * len(dtypes)])
    for name, recipe in base.arrays.items():
        if recipe.classes is None and recipe.size:
            for number in (*LARGE_ENTRIES, *ODD_ENTRIES):
                yield f"{name}[-1] = {number}", _with_entry(base, name, number)
    if first:
        yield from _laid_out(base)


def _other_sizes(of_sizes: Resizable) -> Iterator[tuple[str, Case]]:
    for bound in _bounds(of_sizes.bound):
        with suppress(Exception):  # a rule that refuses a size may raise anything: the other side may take it
            shapes = of_sizes.shapes(bound)
            if sum(map(prod, shapes)) <= MOST_ENTRIES:
                case = of_sizes.made(shapes)
                yield f"{bound} {case.cotangent.shape}", case


def _bounds(bound: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Sizes in place of those of the ordinary case: each axis in turn, then all at once."""
    for axis, size in bound.items():
        starred = isinstance(size, tuple)
        others: tuple[Any, ...] = STARRED if starred else (*LONG, 1, 0)
        yield from ({**bound, axis: other} for other in others if other != size)
    for shift in range(2):
        yield {axis: _long(size, at + shift) for at, (axis, size) in enumerate(bound.items())}


def _long(size: Any, at: int) -> Any:
    if isinstance(size, tuple):
        return tuple(ALL_LONG[(at + place) % len(ALL_LONG)] for place in range(len(size)))
    return ALL_LONG[at % len(ALL_LONG)]


def _with_entry(base: Case, name: str, number: float) -> Case:
    """The case with one entry replaced: the last one, so that a first element that is treated apart hides nothing."""
    recipe = base.arrays[name]
    overrides = (*recipe.overrides, (recipe.size - 1, number))
    return replace(base, arrays={**base.arrays, name: replace(recipe, overrides=overrides, domain=None)})


def _laid_out(base: Case) -> Iterator[tuple[str, Case]]:
    """The same numbers in every other memory: each array by itself, then dy."""

    def layouts(recipe: ArrayRecipe) -> tuple[str, ...]:
        return tuple(each for each in layouts_of(recipe.shape) if each != CONTIGUOUS)

    for name, recipe in base.arrays.items():
        for layout in layouts(recipe):
            yield f"{name} {layout}", replace(base, arrays={**base.arrays, name: replace(recipe, layout=layout)})
    for layout in layouts(base.cotangent):
        yield f"dy {layout}", replace(base, cotangent=replace(base.cotangent, layout=layout))


def ordinary(case: Case) -> bool:
    """Are its numbers neither large nor all zero? Then what is changed about it is what shows."""
    arrays, _ = case.make()
    floats = [np.abs(a.astype(np.float64)) for a in arrays.values() if a.dtype.kind not in "iub"]
    return all(a.size and a.max() < MOST_ORDINARY and a.any() for a in floats)
