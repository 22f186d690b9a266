"""Recipes of the arrays of a case, and of its cotangent, in the style that they have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import NamedTuple

from backcheck.float_format import FORMATS
from backcheck.strategies.arrays import ArrayRecipe, element_table
from backcheck.strategies.catalogue import Shape
from backcheck.strategies.choice import MAX_CHOICES, Pick
from backcheck.strategies.near_literals import replaced
from scratch_bp.network import ArraySpec

ELEMENTWISE = 64  # tensors of so few entries in all are often drawn entry by entry
EXACT_PROFILES = ("zeros", "ones", "integers", "lattice")
MIXED_PROFILES = (
    *("zeros", "ones", "integers", "integers", "lattice", "lattice", "lattice"),
    *("normal",) * 7,
    *("saturating", "wide", "subnormal"),
)
# a cotangent of ones hides whole terms and one of zeros hides everything: both are drawn, and rarely
COTANGENT_PROFILES = ("ones", *("integers",) * 8, *("lattice",) * 14, "zeros", *("normal",) * 54)
COTANGENT_OF_EXACT = ("ones", *("integers",) * 20, *("lattice",) * 40, "zeros", *("normal",) * 16)
OVERRIDES = (*(0,) * 14, 1, 2, 3, 4)
SPECIAL_VALUES = (0.0, 1.0, -1.0, 10.0, -10.0)
EXTREME_VALUES = (1e-30, -1e30)


class Style(NamedTuple):
    """What the arrays of one case have in common."""

    dtype: str
    profile: str
    stream: int
    by_entry: bool = False
    textbook: bool = False  # arrays as training starts with them: gamma of ones, beta and biases of zeros
    scaled: bool = False  # weights times 1 / sqrt(fan in), so that deep networks keep their scale


def recipe_of(pick: Pick, spec: ArraySpec, style: Style, plain: str | None = None) -> ArrayRecipe:
    """The recipe of one array in the style of its case. A `plain` profile goes before that of the style."""
    if spec.classes is not None:
        choices = range(spec.lowest, spec.lowest + spec.classes)
        indices = tuple(float(pick(choices)) for _ in range(prod(spec.shape)))
        return ArrayRecipe(spec.shape, "classes", values=indices, classes=spec.classes)
    recipe = _float_recipe(pick, spec, style, plain)
    return recipe if spec.domain is None else replace(recipe, domain=spec.domain)


def _float_recipe(pick: Pick, spec: ArraySpec, style: Style, plain: str | None) -> ArrayRecipe:
    profile = plain or (pick(MIXED_PROFILES) if style.profile == "mixed" else style.profile)
    if profile in ("zeros", "ones"):
        return ArrayRecipe(spec.shape, profile)
    if style.by_entry:
        return _by_entry(pick, spec.shape, profile, element_table(profile, style.dtype))
    weight = style.scaled and profile == "normal" and spec.role == "parameter" and len(spec.shape) >= 2
    # w [in, out] of a dense layer, or the kernels [out, in, ...] of a convolution
    fan_in = (spec.shape[0] if len(spec.shape) == 2 else prod(spec.shape[1:])) if weight else 1
    return ArrayRecipe(spec.shape, profile, _seed(pick, style), scale=max(fan_in, 1) ** -0.5)


def _by_entry(pick: Pick, shape: Shape, profile: str, table: Sequence[float]) -> ArrayRecipe:
    return ArrayRecipe(shape, profile, values=tuple(pick(table) for _ in range(prod(shape))))


def _seed(pick: Pick, style: Style) -> int:
    return MAX_CHOICES * style.stream + pick(range(MAX_CHOICES))


def cotangent_of(pick: Pick, shape: Shape, style: Style, profiles: Sequence[str] | None = None) -> ArrayRecipe:
    """The output's cotangent. Entry by entry its simplest value is 1, since 0 would hide the network."""
    profile = pick(profiles or (COTANGENT_OF_EXACT if style.profile in EXACT_PROFILES else COTANGENT_PROFILES))
    size = prod(shape)
    if profile in ("zeros", "ones"):
        return ArrayRecipe(shape, profile)
    if size > 16:
        return ArrayRecipe(shape, profile, _seed(pick, style))
    nonzero = _nonzero(profile)
    return _by_entry(pick, shape, profile, nonzero if size == 1 else (*nonzero, *(0.0,) * (len(nonzero) // 9)))


@lru_cache
def _nonzero(profile: str) -> tuple[float, ...]:
    return tuple(value for value in element_table(profile, "float64") if value)[:90]


def with_overrides(pick: Pick, arrays: Mapping[str, ArrayRecipe], style: Style) -> dict[str, ArrayRecipe]:
    """At most four single entries replaced: ties, zeros and outliers among ordinary numbers."""
    changed = dict(arrays)
    floats = [name for name, recipe in arrays.items() if recipe.classes is None][:MAX_CHOICES]
    # a tiny and a huge value too, where the dtype has them
    extreme = EXTREME_VALUES if FORMATS[style.dtype].greatest > 100 else ()
    special = SPECIAL_VALUES if style.profile in EXACT_PROFILES else SPECIAL_VALUES + extreme
    for _ in range(pick(OVERRIDES)):
        name = pick(floats)
        old = changed[name]
        override = (pick(range(min(old.size, MAX_CHOICES))), pick(special))
        changed[name] = replaced(old, override)
    return changed
