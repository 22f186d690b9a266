"""The cases that the two sides are compared on.

Networks are drawn as `verify` draws them, and each of their nodes is a case too, alone, at the values that it had in
its network. More cases of each rule are drawn until it has been met often enough at every dtype.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis.errors import HypothesisException

from backcheck.campaign.recipe import Recipe, cases_of_shard, draw_cases
from backcheck.errors import BadInput
from backcheck.float_format import FORMATS
from backcheck.problem import pose
from backcheck.regression.sides.large_cases import enlarged, entries
from backcheck.regression.sides.loader import LoadedSide
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import CatalogueError
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, Sizes
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.truth.node import argument_names
from scratch_bp.network import Network, NetworkError
from scratch_bp.rules import RULES, Rule

# what is raised where nothing can be drawn of a rule
REFUSED = (CatalogueError, NetworkError, HypothesisException, ValueError, TypeError)
SPARE_DRAWS = 4  # Hypothesis draws some cases twice


@dataclass(frozen=True, slots=True)
class ComparisonPlan:
    """How much is drawn: `networks` networks, and cases until each rule has been met `seen` times at each dtype."""

    networks: int = 150
    seed: int = 0
    rules: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32", "float16", "bfloat16")
    seen: int = 6

    def stream(self, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{what}".encode()).digest()[:8])


@dataclass(frozen=True, slots=True)
class CommonCases:
    """Whole networks and single nodes, as JSON. `undrawn` says of which rules nothing could be drawn, and why; `lost`
    counts the nodes that could not be taken alone."""

    networks: tuple[Mapping[str, Any], ...]
    nodes: tuple[Mapping[str, Any], ...]
    undrawn: Mapping[str, str] = field(default_factory=dict)
    lost: int = 0


def draw_all(side: LoadedSide, plan: ComparisonPlan) -> CommonCases:
    """What to compare, drawn from this side's rules."""
    wanted = {name: rule for name, rule in side.rules.items() if not plan.rules or name in plan.rules}
    found, lost = dict[str, Case](), 0
    networks = list(_networks(wanted, plan))
    for case in networks:
        for node in _nodes(case, side.rules):
            if node is None:
                lost += 1
            else:
                found.setdefault(node.id, node)
    undrawn = {}
    for name in sorted(wanted):
        try:
            for case in _more_cases(name, wanted, plan, list(found.values())):
                found.setdefault(case.id, case)
        except REFUSED as error:
            undrawn[name] = str(error)
    as_json = tuple(case.to_json() for case in found.values())
    return CommonCases(tuple(case.to_json() for case in networks), as_json, undrawn, lost)


def _networks(wanted: Mapping[str, Rule], plan: ComparisonPlan) -> Iterator[Case]:
    known = tuple(name for name in wanted if name in RULES)
    if not known or plan.networks < 1:
        return
    recipe = Recipe(plan.networks, plan.seed, known, plan.dtypes)
    for shard in recipe.shards:
        yield from cases_of_shard(recipe, shard, wanted)


def _nodes(case: Case, rules: Mapping[str, Rule]) -> Iterator[Case | None]:
    """Each node as a case of its own; None for one that cannot be taken alone, or whose numbers are not finite."""
    arrays, dy = case.make()
    try:
        with np.errstate(all="ignore"):
            problem = pose(case.network, arrays, dy, rules=rules)
    except (BadInput, NetworkError):
        yield from (None for _ in case.network.nodes)
        return
    for node in case.network.nodes:
        alone = isolate(problem, node.name)
        yield None if alone is None else Case.of(alone.network, alone.arrays, alone.dy, case.dtype)


def _more_cases(name: str, wanted: Mapping[str, Rule], plan: ComparisonPlan, there: Sequence[Case]) -> Iterator[Case]:
    """Cases of one rule alone, until each dtype has about `plan.seen`.

    They are drawn for the widest and for the narrowest dtype. Each becomes a case of every dtype that holds its
    numbers, since to draw costs more than to compute.
    """
    met = Counter(case.dtype for case in there if [node.rule for node in case.network.nodes] == [name])
    missing = max(plan.seen - met[dtype] for dtype in plan.dtypes)
    by_range = sorted(plan.dtypes, key=lambda dtype: FORMATS[dtype].greatest)
    ends = dict.fromkeys((by_range[-1], by_range[0]))
    for dtype in ends if missing > 0 else ():
        number = -(-missing // len(ends))
        for case in cases_of_rule(name, wanted, dtype, number, plan.stream(f"{name}/{dtype}")):
            yield from (other for each in plan.dtypes if _finite(other := replace(case, dtype=each)))


def _finite(case: Case) -> bool:
    arrays, dy = case.make()
    return all(np.isfinite(array.astype(np.float64)).all() for array in (*arrays.values(), dy))


def cases_of_rule(
    name: str, table: Mapping[str, Rule], dtype: str, number: int, stream: int, sizes: Sizes = EVERY_SIZE,
    profiles: tuple[str, ...] | None = None,
) -> list[Case]:  # fmt: skip
    """Networks of one node, which has this rule. Raises one of REFUSED where there is none."""
    # the shapes of a known rule are ours: a replacement need not be annotated
    signatures = {**{n: RULES.get(n, rule) for n, rule in table.items()}, name: RULES.get(name, table[name])}
    strategy = cases((name,), (dtype,), profiles, max_nodes=1, table=signatures, sizes=sizes)
    with np.errstate(all="ignore"):
        drawn = {case.id: case for case in draw_cases(strategy, number + SPARE_DRAWS, stream)}
    # every stream begins with the simplest case there is: it goes first
    last = list(drawn.values())[-number:]
    alone = [case for case in last if [node.rule for node in case.network.nodes] == [name]]
    if not alone:
        raise CatalogueError(f"no network of {name} alone can be drawn at the sizes {sizes}")
    return [_named(case, signatures[name]) for case in alone]


def _named(case: Case, rule: Rule) -> Case:
    """The case with its arrays named as the arguments of the rule, as those of a node taken out of a network are."""
    (node,) = case.network.nodes
    names = argument_names(rule, len(node.reads))
    read = dict(zip(names, node.reads, strict=True))
    arrays = {name: case.network.arrays[array] for name, array in read.items()}
    network = Network(arrays, (replace(node, reads=names),), case.network.output)
    return Case(network, {n: case.arrays[r] for n, r in read.items()}, case.cotangent, case.dtype)


def timed_cases(
    side: LoadedSide, plan: ComparisonPlan, names: Sequence[str] = ()
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """For each rule that can be drawn a small case and, where its options allow, a large one, to be timed."""
    signatures = {name: RULES.get(name, rule) for name, rule in side.rules.items()}
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for name in names or [name for name in side.rules if not plan.rules or name in plan.rules]:
        with suppress(*REFUSED):
            some = cases_of_rule(name, side.rules, "float64", 6, plan.stream(f"{name}/timed"), profiles=("normal",))
            ordered = sorted(some, key=entries, reverse=True)
            large = next(filter(None, (enlarged(case, side.rules, signatures) for case in ordered)), None)
            found[name] = tuple(case.to_json() for case in (ordered[0], large) if case is not None)
    return found
