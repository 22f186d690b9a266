"""What kernels are fuzzed with: sizes around tiles and blocks, and values that show what their sums do.

All is drawn by `pick`, small and simple first, so that a failure shrinks to the smallest size that still fails: where
129 fails and 128 does not, the second block is wrong.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from backcheck.strategies.arrays import ArrayRecipe
from backcheck.strategies.choice import MAX_CHOICES, Pick
from backcheck.subjects.drawn.shapes import Described, specs
from backcheck.subjects.drawn.sizes import AxisSize
from backcheck.subjects.drawn.value_range import in_range
from scratch_bp.network import ArraySpec

ENTRIES = 2**18  # of the largest array, unless said otherwise
WORK = 2**23  # the product of all axes: what a kernel makes between may have them all, as scores have queries and keys
TILES = (
    1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000, 1023, 1024, 1025,
)  # fmt: skip
MULTIPLES = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64)  # what a multiple of is a size, as in 16*k
LEADING: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (3,), (2, 1), (3, 2), (2, 5), (17,), (33,), (129,), (1025,))

# `mixed`: each array has one of its own. `whole` goes for all arrays and the cotangent, or sums would be rounded.
STYLES = (*("normal",) * 8, *("whole",) * 5, *("mixed",) * 6, "cancelling", "large", "ends")
MIXED = (*("normal",) * 4, "one_hot", "zero_rows", "cancelling", "large", "ends")
COTANGENTS = (*("normal",) * 8, *("ones",) * 3, "one_hot", "zero_rows", "cancelling")
WHOLE_COTANGENTS = ("ones", *("whole",) * 5)


@dataclass(frozen=True, slots=True)
class KernelStyle:
    """What the arrays of one case have in common."""

    dtype: str
    profile: str
    stream: int


@dataclass(frozen=True, slots=True)
class KernelArrays:
    """What one case of a kernel is called with: the sizes by the names of axes, and a recipe of every array.

    `exact`: all numbers are whole, so that a linear kernel is right to the bit. Numbers of a range are not.
    """

    style: KernelStyle
    sizes: Mapping[str, Any]
    arrays: Mapping[str, ArrayRecipe]
    exact: bool


def draw_kernel_arrays(
    pick: Pick,
    described: Sequence[Described],
    dtypes: Sequence[str],
    *,
    entries: int = ENTRIES,
    masks: Collection[str] = (),
) -> KernelArrays:
    """Everything but the cotangents, whose shapes the outputs have, and the layouts, which tensors have.

    The arrays named by `masks` are added to scores: they hold zeros and minus infinity.
    """
    style = draw_style(pick, dtypes)
    bound = draw_tile_sizes(pick, described, entries)
    found = {}
    for each, (name, spec) in zip(described, specs(described, bound).items(), strict=True):
        recipe = draw_kernel_recipe(pick, spec, style, mask=name in masks)
        found[name] = recipe if each.within.whole else in_range(pick, recipe, style.dtype, each.within, False)
    exact = style.profile == "whole" and all(each.within.whole for each in described)
    return KernelArrays(style, bound, found, exact)


def draw_style(pick: Pick, dtypes: Sequence[str]) -> KernelStyle:
    return KernelStyle(pick(dtypes), pick(STYLES), pick(range(MAX_CHOICES)))


def draw_tile_sizes(pick: Pick, described: Sequence[Described], entries: int = ENTRIES) -> dict[str, Any]:
    """A size for every axis that is named, as `drawn.shapes.sizes` gives them; no array has more than `entries`.

    Every name is drawn on its own, and afterwards the largest go down until there is room.
    """
    below = [AxisSize(each.below) for each in described if each.below and not each.below.isdigit()]
    axes = [axis for each in described for axis in each.axes if axis.name] + below
    choices = {axis.key: _choices(axis, axes) for axis in axes}
    at = {key: pick(range(len(sizes))) for key, sizes in choices.items()}

    def bound() -> dict[str, Any]:
        return {key: choices[key][place] for key, place in at.items()}

    def too_large() -> Sequence[AxisSize]:
        """The axes of an array, or of all, that have too many entries together."""
        for each in described:
            if prod(n for axis in each.axes for n in axis.of(bound())) > entries:
                return each.axes
        return axes if prod(map(_entries, bound().values())) > WORK else ()

    while shrinking := [axis.key for axis in too_large() if axis.name and at[axis.key]]:
        at[max(shrinking, key=lambda key: _entries(choices[key][at[key]]))] -= 1
    return bound()


def _choices(axis: AxisSize, axes: Sequence[AxisSize]) -> Sequence[Any]:
    if axis.starred:
        return LEADING
    same = [each for each in axes if each.name == axis.name and not each.starred]
    least = max(each.least_of_name for each in same)
    sizes = MULTIPLES if any(each.times > 1 for each in same) else TILES
    return [least, *(size for size in sizes if size > least)]


def _entries(size: Any) -> int:
    return prod(size) if isinstance(size, tuple) else int(size)


def draw_kernel_recipe(pick: Pick, spec: ArraySpec, style: KernelStyle, *, mask: bool = False) -> ArrayRecipe:
    """The recipe of one array. A `mask` is one that is added to scores: zeros and minus infinity."""
    seed = MAX_CHOICES * style.stream + pick(range(MAX_CHOICES))
    if spec.classes is not None:
        return ArrayRecipe(spec.shape, "classes", seed, classes=spec.classes)
    profile = pick(MIXED) if style.profile == "mixed" else style.profile
    return ArrayRecipe(spec.shape, "masked" if mask else profile, seed, domain=spec.domain)


def draw_kernel_cotangent(pick: Pick, shape: tuple[int, ...], style: KernelStyle) -> ArrayRecipe:
    """Ones are drawn too: they are what can be handed over expanded, and hide much else."""
    profile = pick(WHOLE_COTANGENTS if style.profile == "whole" else COTANGENTS)
    return ArrayRecipe(shape, profile, MAX_CHOICES * style.stream + pick(range(MAX_CHOICES)))
