"""The cases that the two sides are compared on.

Networks are drawn as `verify` draws them, and each of their nodes is a case too, alone, at the values that it had in
its network. More cases of each rule are drawn until it has been met often enough at every dtype, and some at its edges.

Each side draws: a case on which one side raises, or answers nothing finite, is drawn by the other alone. A rule of
somebody's own table is drawn as `verify_rule` draws it, and as ours of that name is, where it takes what ours takes.
"""

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from hypothesis.errors import HypothesisException

from backcheck.campaign.recipe import Recipe, cases_of_shard, draw_cases
from backcheck.errors import BackcheckError, BadInput
from backcheck.float_format import FORMATS
from backcheck.problem import pose
from backcheck.regression.own_rules.draws import own_cases, own_resizable
from backcheck.regression.sides.edge_cases import edge_cases, ordinary
from backcheck.regression.sides.large_cases import enlarged, entries, resizable
from backcheck.regression.sides.loader import LoadedSide
from backcheck.regression.sides.raw_runs import raw_runs
from backcheck.strategies.arrays import ArrayRecipe
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import CatalogueError
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, Sizes
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.truth.node import argument_names
from scratch_bp.network import Network, NetworkError
from scratch_bp.rules import RULES, Rule

# what is raised where nothing can be drawn of a rule
REFUSED = (CatalogueError, NetworkError, HypothesisException, BackcheckError, ValueError, TypeError, StopIteration)
SPARE_DRAWS = 4  # Hypothesis draws some cases twice
MOST_RANKS = 2  # of a rule: ordinary cases, of arrays of other ranks, around which edges are looked at


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


class CaseHead(NamedTuple):
    """What is known of a case without its arrays. `odd` has an entry that is not finite."""

    rule: str
    dtype: str
    entries: int
    odd: bool

    @classmethod
    def of(cls, case: Case) -> "CaseHead":
        numbers = (number for recipe in case.arrays.values() for _, number in recipe.overrides)
        return cls(case.network.nodes[0].rule, case.dtype, entries(case), not all(map(isfinite, numbers)))


@dataclass(frozen=True, slots=True)
class DrawnSide:
    """What one side draws: whole networks as JSON, and the heads of its single nodes and of its cases at the edges, by
    id. `undrawn` says of which rules nothing could be drawn, and why; `lost` counts the nodes that could not be taken
    alone."""

    networks: Mapping[str, Mapping[str, Any]]
    nodes: Mapping[str, CaseHead]
    edges: Mapping[str, CaseHead]
    undrawn: Mapping[str, str] = field(default_factory=dict)
    lost: int = 0


def draw_all(side: LoadedSide, plan: ComparisonPlan, shared: Sequence[str]) -> DrawnSide:
    """What to compare, drawn from this side's rules out of those that both sides have."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # that a rule warns is said where both sides are run
        return _drawn(side, plan, shared)


def _drawn(side: LoadedSide, plan: ComparisonPlan, shared: Sequence[str]) -> DrawnSide:
    wanted = {name: side.rules[name] for name in side.names if name in shared}
    found, lost = dict[str, Case](), 0
    # a network is ours: of somebody's own rules those take part that take what ours of the name take
    ours = {name: rule for name, rule in wanted.items() if name not in side.own or _takes_ours(side, name, plan)}
    networks = {case.id: case for case in _networks(ours, plan)}
    for case in networks.values():
        for node in _nodes(case, side.rules):
            if node is None:
                lost += 1
            elif node.network.nodes[0].rule in wanted:
                found.setdefault(node.id, node)
    undrawn, edges = dict[str, str](), dict[str, Case]()
    met = _by_rule(found.values())
    for name in sorted(wanted):
        for case in _of_one_rule(side, name, wanted, plan, met.get(name, []), undrawn):
            found.setdefault(case.id, case)
            met.setdefault(name, []).append(case)
        with suppress(*REFUSED):
            edges |= dict(_edges(side, name, met.get(name, []), plan))
    # both sides draw the same mostly, so each keeps its cases, and is asked for them by their ids
    side.drawn.update({**found, **edges})
    nodes, at_edges = ({key: CaseHead.of(case) for key, case in cases.items()} for cases in (found, edges))
    return DrawnSide({key: case.to_json() for key, case in networks.items()}, nodes, at_edges, undrawn, lost)


def _by_rule(found: Iterable[Case]) -> dict[str, list[Case]]:
    ordered: dict[str, list[Case]] = {}
    for case in found:
        ordered.setdefault(case.network.nodes[0].rule, []).append(case)
    return ordered


def _of_one_rule(
    side: LoadedSide, name: str, wanted: Mapping[str, Rule], plan: ComparisonPlan, there: Sequence[Case],
    undrawn: dict[str, str],
) -> Iterator[Case]:  # fmt: skip
    """More cases of one rule alone. Where there are none at all, `undrawn` is told why."""
    own = side.own.get(name)
    why = own.refusal if own is not None else ""
    if own is not None and not why:
        yield from own_cases(own, plan.dtypes, plan.stream(f"own/{name}"))
    if own is not None and name not in RULES:
        if why:
            undrawn[name] = why
        return
    try:
        more = _more_cases(name, wanted, plan, there)
        # options of ours are nothing that somebody's rule of the same name must take
        yield from more if own is None else (case for case in more if _runs(side, case))
    except REFUSED as error:
        if own is None or why:
            undrawn[name] = why or str(error)


def _edges(side: LoadedSide, name: str, there: Sequence[Case], plan: ComparisonPlan) -> Iterator[tuple[str, Case]]:
    """The cases at the edges, around one ordinary case for each set of ranks that its arrays have."""
    signatures = {key: RULES.get(key, rule) for key, rule in side.rules.items()}
    ranks = set[tuple[tuple[int, bool], ...]]()
    own = side.own.get(name)
    # the most axes first: layouts differ most there
    for case in sorted(there, key=lambda case: -max((_real_axes(each) for each in case.arrays.values()), default=0)):
        rank = tuple((len(recipe.shape), recipe.size > 1) for recipe in case.arrays.values())
        if rank in ranks or len(ranks) >= MOST_RANKS or not ordinary(case) or not _runs(side, case):
            continue
        first, of_sizes = not ranks, None
        ranks.add(rank)
        with suppress(*REFUSED):
            of_sizes = own_resizable(own, case) if own is not None else resizable(case, side.rules, signatures)
        for said, edge in edge_cases(case, of_sizes, plan.dtypes, first):
            yield f"{case.id} {said}", edge


def _takes_ours(side: LoadedSide, name: str, plan: ComparisonPlan) -> bool:
    """Does somebody's rule run on what is drawn for ours of the name, with its options?"""
    if name not in RULES:
        return False
    with suppress(*REFUSED):
        drawn = cases_of_rule(name, side.rules, "float64", 4, plan.stream(f"{name}/ours"))
        return all(_runs(side, case) for case in drawn)
    return False


def _runs(side: LoadedSide, case: Case) -> bool:
    return not raw_runs(side, [(case, False)])[0].error


def _real_axes(recipe: ArrayRecipe) -> int:
    """How many axes of more than one entry."""
    return sum(size > 1 for size in recipe.shape) if recipe.classes is None else 0


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
    for name in names or [name for name in side.names if not plan.rules or name in plan.rules]:
        own, stream = side.own.get(name), plan.stream(f"{name}/timed")
        with suppress(*REFUSED):
            some = (
                own_cases(own, ("float64",), stream, plain=True)
                if own is not None
                else cases_of_rule(name, side.rules, "float64", 6, stream, profiles=("normal",))
            )
            ordered = sorted(some, key=entries, reverse=True)[:6]
            sizes = (
                own_resizable(own, case) if own is not None else resizable(case, side.rules, signatures)
                for case in ordered
            )
            grown = (enlarged(case, of_sizes) for case, of_sizes in zip(ordered, sizes, strict=True))
            large = next(filter(None, grown), None)
            found[name] = tuple(case.to_json() for case in (ordered[0], large) if case is not None)
    return found
