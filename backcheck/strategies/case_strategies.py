"""Hypothesis strategies for networks, arrays and whole cases; valid by construction, simplest first.

What hides a wrong gradient is made common, and so is its opposite: batch 1, width 1 and square weights, a value read
once, default options, gamma = 1 and beta = 0, distinct entries, a cotangent of ones. `networks` says how networks grow.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from math import prod
from typing import NamedTuple

from hypothesis.strategies import SearchStrategy

from backcheck.strategies.arrays import PROFILES, ArrayRecipe, RecipeError, element_table
from backcheck.strategies.candidates import menu_of
from backcheck.strategies.case import Case, shapes_of
from backcheck.strategies.catalogue import CATALOGUE, Row, Shape, signature_of
from backcheck.strategies.choice import MAX_CHOICES, ChoiceStrategy, Pick
from backcheck.strategies.float_format import FORMATS
from backcheck.strategies.networks import Grown, add_first, grow
from backcheck.strategies.pairs import Wish, granted
from backcheck.strategies.sizes import EVERY_SIZE, Sizes
from backcheck.strategies.telling import ENOUGH, telling_share
from scratch_bp.network import ArraySpec, Network
from scratch_bp.rules import RULES, Rule

DTYPES = ("float64", "float32")
ELEMENTWISE = 64  # tensors of so few entries in all are often drawn entry by entry
EXACT_PROFILES = ("zeros", "ones", "integers", "lattice")
MAIN_PROFILES = (
    "zeros", *("integers",) * 8, *("lattice",) * 13, *("normal",) * 26,
    *("saturating",) * 3, *("wide",) * 3, *("subnormal",) * 2, *("mixed",) * 5,
)  # fmt: skip
MIXED_PROFILES = (
    *("zeros", "ones", "integers", "integers", "lattice", "lattice", "lattice"),
    *("normal",) * 7,
    *("saturating", "wide", "subnormal"),
)
# a cotangent of ones hides whole terms and one of zeros hides everything: both are drawn, and rarely
COTANGENT_PROFILES = ("ones", *("integers",) * 8, *("lattice",) * 14, "zeros", *("normal",) * 54)
COTANGENT_OF_EXACT = ("ones", *("integers",) * 20, *("lattice",) * 40, "zeros", *("normal",) * 16)
EXTREME_PROFILES = ("saturating", "wide", "subnormal")
FEW_NODES = 2  # of a network of extreme numbers: after more of them next to nothing fits the dtype
TRIES = (1, *(4,) * 11)  # how often a case is drawn until it says something; now and then as it comes
OVERRIDES = (*(0,) * 14, 1, 2, 3, 4)
SPECIAL_VALUES = (0.0, 1.0, -1.0, 10.0, -10.0)
EXTREME_VALUES = (1e-30, -1e30)


def networks(
    rules: Iterable[str] | None = None,
    *,
    max_nodes: int = 9,
    table: Mapping[str, Rule] = RULES,
    catalogue: Mapping[str, Row] = CATALOGUE,
    sizes: Sizes = EVERY_SIZE,
) -> SearchStrategy[Network]:
    """Networks of these rules (all, unless said), of 1 to `max_nodes` nodes; shapes come from the rules' signatures."""
    menu = menu_of(rules, table, catalogue, sizes)
    return ChoiceStrategy("networks()", lambda pick: grow(pick, menu, max_nodes).network)


def recipes(
    shape: Shape, *, profiles: Sequence[str] | None = None, dtype: str = "float64", classes: int | None = None
) -> SearchStrategy[ArrayRecipe]:
    """Recipes of one array of this shape, entry by entry where it is small."""
    build = partial(_one_recipe, ArraySpec(shape, classes=classes), _main_profiles(profiles), dtype)
    return ChoiceStrategy("recipes()", build)


def cases(
    rules: Iterable[str] | None = None,
    dtypes: Sequence[str] = DTYPES,
    profiles: Sequence[str] | None = None,
    *,
    max_nodes: int = 9,
    table: Mapping[str, Rule] = RULES,
    catalogue: Mapping[str, Row] = CATALOGUE,
    sizes: Sizes = EVERY_SIZE,
    wanted: Wish | None = None,
    tame: bool = False,
) -> SearchStrategy[Case]:
    """Whole cases: a network of these rules, its arrays in one of these profiles or a mixture, a cotangent, a dtype.

    The networks open with the pair of rules that is wanted, where it can stand side by side. `tame` is as in
    `cases_of`.
    """
    chosen = None if rules is None else tuple(rules)
    every, menu = (menu_of(chosen, table, catalogue, each) for each in (EVERY_SIZE, sizes))
    found = None if wanted is None else granted(wanted, every, menu, add_first)
    drawn_from = CaseSource(tuple(dtypes), _main_profiles(profiles), table, catalogue, tame)

    def growth(pick: Pick, few: bool) -> Grown:
        return grow(pick, menu, min(FEW_NODES, max_nodes) if few else max_nodes, found)

    return ChoiceStrategy("cases()", partial(_case, drawn_from, growth))


def cases_of(
    network: Network,
    dtypes: Sequence[str] = DTYPES,
    profiles: Sequence[str] | None = None,
    *,
    table: Mapping[str, Rule] = RULES,
    catalogue: Mapping[str, Row] = CATALOGUE,
    tame: bool = False,
) -> SearchStrategy[Case]:
    """Cases of one given network.

    With `tame` they are as training starts, so that every gradient says something: weights keep the scale of what
    they are multiplied with, there are no outliers, and the cotangent is not 0.
    """
    given = Grown(network, shapes_of(network, table)[network.output])
    drawn_from = CaseSource(tuple(dtypes), _main_profiles(profiles), table, catalogue, tame)
    return ChoiceStrategy("cases_of()", partial(_case, drawn_from, lambda pick, few: given))


Growth = Callable[[Pick, bool], Grown]  # a network, or one of few nodes


class CaseSource(NamedTuple):
    """What cases are drawn from, the network aside."""

    dtypes: tuple[str, ...]
    profiles: tuple[str, ...]
    table: Mapping[str, Rule]
    catalogue: Mapping[str, Row]
    tame: bool = False


class Style(NamedTuple):
    """What the arrays of one case have in common."""

    dtype: str
    profile: str
    stream: int
    by_entry: bool = False
    textbook: bool = False  # arrays as training starts with them: gamma of ones, beta and biases of zeros
    scaled: bool = False  # weights times 1 / sqrt(fan in), so that deep networks keep their scale


def _case(source: CaseSource, growth: Growth, pick: Pick) -> Case:
    """A case that says something, where one of the tries does.

    How many tries there may be is drawn before: what is drawn depends on no further choice, and so a failure shrinks
    to where its gradients are zero too.
    """
    dtype, profile, tries = pick(source.dtypes), pick(source.profiles), pick(TRIES)
    best, told = None, Fraction(-1)
    for _ in range(tries):
        case = _one_case(source, growth, dtype, profile, pick)
        share = telling_share(case) if tries > 1 else Fraction(1)
        if share > told:
            best, told = case, share
        if told >= ENOUGH:
            break
    assert best is not None
    return best


def _one_case(source: CaseSource, growth: Growth, dtype: str, profile: str, pick: Pick) -> Case:
    stream = pick(range(MAX_CHOICES))
    network, shape = growth(pick, profile in EXTREME_PROFILES)
    entries = sum(prod(spec.shape) for spec in network.arrays.values() if spec.classes is None)
    by_entry = pick((True, False)) and entries <= ELEMENTWISE  # drawn for large ones too: a failure shrinks better
    scaled = pick((False, True)) or source.tame
    style = Style(dtype, profile, stream, by_entry, textbook=pick(range(5)) == 4, scaled=scaled)
    plain = _plain_profiles(network, source) if style.textbook else {}
    arrays = {name: recipe_of(pick, spec, style, plain.get(name)) for name, spec in network.arrays.items()}
    if source.tame:
        return Case(network, arrays, cotangent_of(pick, shape, style, ("ones", "normal")), dtype)
    return Case(network, _with_overrides(pick, arrays, style), cotangent_of(pick, shape, style), dtype)


def _one_recipe(spec: ArraySpec, profiles: tuple[str, ...], dtype: str, pick: Pick) -> ArrayRecipe:
    profile, stream = pick(profiles), pick(range(MAX_CHOICES))
    style = Style(dtype, profile, stream, by_entry=prod(spec.shape) <= ELEMENTWISE)
    recipe = recipe_of(pick, spec, style)
    return recipe if spec.classes is not None else _with_overrides(pick, {"": recipe}, style)[""]


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


def _with_overrides(pick: Pick, arrays: Mapping[str, ArrayRecipe], style: Style) -> dict[str, ArrayRecipe]:
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
        changed[name] = _replace(old, override)
    return changed


def _replace(recipe: ArrayRecipe, override: tuple[int, float]) -> ArrayRecipe:
    """The recipe with one entry replaced; not `dataclasses.replace`, which costs as much as ten draws."""
    overrides = (*recipe.overrides, override)
    return ArrayRecipe(
        recipe.shape, recipe.profile, recipe.seed, overrides, recipe.values, None, recipe.scale, recipe.domain
    )


def _plain_profiles(network: Network, source: CaseSource) -> dict[str, str]:
    """The profile in which training starts each array, where the catalogue names one."""
    plain = {}
    for node in network.nodes:
        row = source.catalogue.get(node.rule, Row())
        slots = signature_of(node.rule, source.table).arrays
        starts = {name: row.array(slot.stem).plain for name, slot in zip(node.reads, slots, strict=False)}
        plain.update({name: profile for name, profile in starts.items() if profile})
    return {name: profile for name, profile in plain.items() if name in network.arrays and name != "x"}


def _main_profiles(profiles: Sequence[str] | None) -> tuple[str, ...]:
    if profiles is None:
        return MAIN_PROFILES
    for profile in profiles:
        if profile not in PROFILES and profile != "mixed":
            raise RecipeError(f"unknown profile {profile!r}; known are {', '.join(PROFILES)} and mixed")
    return tuple(profile for profile in MAIN_PROFILES if profile in profiles) or tuple(profiles)
