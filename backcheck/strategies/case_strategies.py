"""Hypothesis strategies for networks, arrays and whole cases; valid by construction, simplest first.

What hides a wrong gradient is made common, and so is its opposite: batch 1, width 1 and square weights, a value read
once, default options, gamma = 1 and beta = 0, distinct entries, a cotangent of ones. `networks` says how networks grow.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import prod
from typing import NamedTuple

from hypothesis.strategies import SearchStrategy

from backcheck.strategies.arrays import PROFILES, ArrayRecipe, RecipeError
from backcheck.strategies.candidates import menu_of
from backcheck.strategies.case import Case, shapes_of
from backcheck.strategies.case_arrays import ELEMENTWISE, Style, cotangent_of, recipe_of, with_overrides
from backcheck.strategies.case_layouts import with_layouts
from backcheck.strategies.catalogue import CATALOGUE, Row, Shape, signature_of
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, Sizes
from backcheck.strategies.choice import MAX_CHOICES, ChoiceStrategy, Pick
from backcheck.strategies.evidence import ENOUGH, telling_share
from backcheck.strategies.near_literals import with_literals
from backcheck.strategies.networks import Grown, add_first, grow
from backcheck.strategies.pairs import Wish, granted
from scratch_bp.network import ArraySpec, Network
from scratch_bp.rules import RULES, Rule

DTYPES = ("float64", "float32")
MAIN_PROFILES = (
    "zeros", *("integers",) * 8, *("lattice",) * 13, *("normal",) * 26,
    *("spread",) * 3, *("saturating",) * 3, *("wide",) * 3, *("subnormal",) * 2, *("mixed",) * 5,
)  # fmt: skip
EXTREME_PROFILES = ("spread", "saturating", "wide", "subnormal")
# of a network of extreme numbers, of which little fits the dtype after more, and where larger ones say nothing
FEW_NODES = 2
TRIES = (1, *(4,) * 11)  # how often a case is drawn until it says something; now and then as it comes


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
    code: Mapping[str, Rule] | None = None,
) -> SearchStrategy[Case]:
    """Whole cases: a network of these rules, its arrays in one of these profiles or a mixture, a cotangent, a dtype.

    The networks open with the pair of rules that is wanted, where it can stand side by side. `tame` is as in
    `cases_of`. Now and then an array has numbers that stand in the code of the rule that reads it: in `code`, which is
    the table unless the rules that are judged are others.
    """
    chosen = None if rules is None else tuple(rules)
    every, menu = (menu_of(chosen, table, catalogue, each) for each in (EVERY_SIZE, sizes))
    found = None if wanted is None else granted(wanted, every, menu, add_first)
    drawn_from = CaseSource(tuple(dtypes), _main_profiles(profiles), table, catalogue, tame, code or table)

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
    drawn_from = CaseSource(tuple(dtypes), _main_profiles(profiles), table, catalogue, tame, table)
    return ChoiceStrategy("cases_of()", partial(_case, drawn_from, lambda pick, few: given))


Growth = Callable[[Pick, bool], Grown]  # a network, or one of few nodes


class CaseSource(NamedTuple):
    """What cases are drawn from, the network aside."""

    dtypes: tuple[str, ...]
    profiles: tuple[str, ...]
    table: Mapping[str, Rule]
    catalogue: Mapping[str, Row]
    tame: bool
    code: Mapping[str, Rule]


def _case(source: CaseSource, growth: Growth, pick: Pick) -> Case:
    """A case that says something, where one of the tries does.

    How many tries there may be is drawn before: what is drawn depends on no further choice, and so a failure shrinks
    to where its gradients are zero too.
    """
    dtype, profile, tries = pick(source.dtypes), pick(source.profiles), pick(TRIES)
    extreme = profile in EXTREME_PROFILES
    case = _one_case(source, growth, dtype, profile, pick, extreme)
    told = Fraction(1) if tries == 1 else telling_share(case)
    for turn in range(1, tries):
        if told >= ENOUGH:
            break
        other = _one_case(source, growth, dtype, profile, pick, extreme or turn > 2)
        if (share := telling_share(other)) > told:
            case, told = other, share
    return with_layouts(pick, case)


def _one_case(source: CaseSource, growth: Growth, dtype: str, profile: str, pick: Pick, few: bool) -> Case:
    stream = pick(range(MAX_CHOICES))
    network, shape = growth(pick, few)
    entries = sum(prod(spec.shape) for spec in network.arrays.values() if spec.classes is None)
    by_entry = pick((True, False)) and entries <= ELEMENTWISE  # drawn for large ones too: a failure shrinks better
    scaled = pick((False, True)) or source.tame
    style = Style(dtype, profile, stream, by_entry, textbook=pick(range(4)) == 3, scaled=scaled)
    plain = _plain_profiles(network, source) if style.textbook else {}
    arrays = {name: recipe_of(pick, spec, style, plain.get(name)) for name, spec in network.arrays.items()}
    if source.tame:
        return Case(network, arrays, cotangent_of(pick, shape, style, ("ones", "normal")), dtype)
    arrays = with_literals(pick, network, with_overrides(pick, arrays, style), source.code, dtype)
    return Case(network, arrays, cotangent_of(pick, shape, style), dtype)


def _one_recipe(spec: ArraySpec, profiles: tuple[str, ...], dtype: str, pick: Pick) -> ArrayRecipe:
    profile, stream = pick(profiles), pick(range(MAX_CHOICES))
    style = Style(dtype, profile, stream, by_entry=prod(spec.shape) <= ELEMENTWISE)
    recipe = recipe_of(pick, spec, style)
    return recipe if spec.classes is not None else with_overrides(pick, {"": recipe}, style)[""]


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
