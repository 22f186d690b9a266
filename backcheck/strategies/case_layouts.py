"""The memory layouts of the arrays of a case: mostly one is odd, or the cotangent is, so that a failure says which."""

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from backcheck.strategies.arrays import ArrayRecipe, Shape
from backcheck.strategies.case import Case
from backcheck.strategies.choice import MAX_CHOICES, Pick
from backcheck.strategies.layouts import CONTIGUOUS, LAYOUTS

# dy is another array in each call, and where it comes from nobody knows: it is laid out otherwise most often
ODD = (*("none",) * 5, *("dy",) * 3, *("one",) * 3, "all")
MANY = range(60)  # how many layouts a shape can have divides this, nearly always


def with_layouts(pick: Pick, case: Case, without: Collection[str] = ()) -> Case:
    """The case with some of its arrays in other memory, in none of the layouts named by `without`."""
    odd, which, number = pick(ODD), pick(range(MAX_CHOICES)), pick(MANY)
    if odd == "none":
        return case
    names = list(case.arrays)
    chosen = {"dy": [], "one": names[which % len(names) :][:1], "all": names}[odd] if names else []
    arrays = {name: _in(recipe, number, without) if name in chosen else recipe for name, recipe in case.arrays.items()}
    cotangent = case.cotangent if odd == "one" else _in(case.cotangent, number, without)
    return Case(case.network, arrays, cotangent, case.dtype)


def _in(recipe: ArrayRecipe, number: int, without: Collection[str]) -> ArrayRecipe:
    possible = layouts_of(recipe.shape)
    layout = possible[number % len(possible)]
    return recipe if layout == CONTIGUOUS or layout in without else replace(recipe, layout=layout)


@lru_cache(maxsize=4096)
def layouts_of(shape: Shape) -> tuple[str, ...]:
    """The layouts that an array of this shape can have, the simplest first."""
    if not shape or 0 in shape:
        return (CONTIGUOUS,)
    return tuple(name for name, layout in LAYOUTS.items() if layout.place(shape) is not None)
