"""What the two sides are compared on: networks as `verify` draws them, each of their nodes alone at the values it had,
and more cases of each rule until every dtype has met it often enough.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from backcheck.campaign.recipe import Recipe
from backcheck.campaign.recipe import drawn as networks_of
from backcheck.errors import BadInput
from backcheck.problem import pose
from backcheck.regression.sides.loader import Loaded
from backcheck.regression.sides.scale_up import enlarged
from backcheck.strategies.arrays import FORMATS
from backcheck.strategies.candidates import EVERY_SIZE, Sizes
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import CatalogueError
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.truth.node import argument_names
from scratch_bp.network import Network, NetworkError
from scratch_bp.rules import RULES, Rule

REFUSED = (CatalogueError, NetworkError, HypothesisException, ValueError, TypeError)  # nothing can be drawn of a rule
SPARE = 4  # Hypothesis repeats itself now and then


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is drawn: networks in all, and how often each rule is met at each dtype at the least."""

    networks: int = 150
    seed: int = 0
    rules: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32", "float16", "bfloat16")
    seen: int = 6

    def stream(self, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{what}".encode()).digest()[:8])


@dataclass(frozen=True, slots=True)
class Drawn:
    """Whole networks and single nodes, as JSON; the rules that nothing could be drawn of, and why; how many networks or
    nodes could not be run or taken alone."""

    networks: tuple[Mapping[str, Any], ...]
    nodes: tuple[Mapping[str, Any], ...]
    undrawn: Mapping[str, str] = field(default_factory=dict)
    lost: int = 0


def drawn(side: Loaded, plan: Plan) -> Drawn:
    """What to compare, drawn from this side's rules."""
    wanted = {name: rule for name, rule in side.rules.items() if not plan.rules or name in plan.rules}
    found, lost = dict[str, Case](), 0
    networks = list(_networks(wanted, plan))
    for case in networks:
        for node in _nodes(case, side.rules):
            lost += node is None
            if node is not None:
                found.setdefault(node.id, node)
    undrawn = {}
    for name in sorted(wanted):
        try:
            for case in _more(name, wanted, plan, found.values()):
                found.setdefault(case.id, case)
        except REFUSED as error:
            undrawn[name] = str(error)
    as_json = tuple(case.to_json() for case in found.values())
    return Drawn(tuple(case.to_json() for case in networks), as_json, undrawn, lost)


def _networks(wanted: Mapping[str, Rule], plan: Plan) -> Iterator[Case]:
    known = tuple(name for name in wanted if name in RULES)
    if not known or plan.networks < 1:
        return
    recipe = Recipe(plan.networks, plan.seed, known, plan.dtypes)
    for shard in recipe.shards:
        yield from networks_of(recipe, shard, wanted)


def _nodes(case: Case, rules: Mapping[str, Rule]) -> Iterator[Case | None]:
    """Each node as a case of its own; None for one that cannot be had alone, or whose numbers are not finite."""
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


def _more(name: str, wanted: Mapping[str, Rule], plan: Plan, there: Any) -> Iterator[Case]:
    """Cases of one rule alone, until each dtype has about `plan.seen`.

    They are drawn with the widest and the narrowest dtype in mind, and each is asked at every dtype that holds
    its numbers: drawing costs more than asking.
    """
    met = Counter(case.dtype for case in there if [node.rule for node in case.network.nodes] == [name])
    missing = max(plan.seen - met[dtype] for dtype in plan.dtypes)
    ends = dict.fromkeys((_by_range(plan.dtypes)[-1], _by_range(plan.dtypes)[0]))
    for dtype in ends if missing > 0 else ():
        number = -(-missing // len(ends))
        for case in of_rule(name, wanted, dtype, number, plan.stream(f"{name}/{dtype}")):
            yield from (other for each in plan.dtypes if _finite(other := replace(case, dtype=each)))


def _by_range(dtypes: tuple[str, ...]) -> list[str]:
    return sorted(dtypes, key=lambda dtype: FORMATS[dtype].greatest)


def _finite(case: Case) -> bool:
    arrays, dy = case.make()
    return all(np.isfinite(array.astype(np.float64)).all() for array in (*arrays.values(), dy))


def of_rule(
    name: str, table: Mapping[str, Rule], dtype: str, number: int, stream: int, sizes: Sizes = EVERY_SIZE,
    profiles: tuple[str, ...] | None = None,
) -> list[Case]:  # fmt: skip
    """Networks that begin with this rule and have it once, cut down to that node."""
    # the shapes of a known rule are ours: a replacement need not be annotated
    signatures = {**{n: RULES.get(n, rule) for n, rule in table.items()}, name: RULES.get(name, table[name])}
    strategy = cases((name,), (dtype,), profiles, max_nodes=1, table=signatures, sizes=sizes)
    drawn = [case for case in _draw(strategy, number, stream) if [node.rule for node in case.network.nodes] == [name]]
    if not drawn:
        raise CatalogueError(f"no network of {name} alone can be drawn at the sizes {sizes}")
    return [_named(case, signatures[name]) for case in drawn]


def _draw(strategy: SearchStrategy[Case], number: int, stream: int) -> list[Case]:
    found: dict[str, Case] = {}

    @seed(stream)
    @settings(
        max_examples=number + SPARE,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(strategy)
    def collect(case: Case) -> None:
        found.setdefault(case.id, case)

    with np.errstate(all="ignore"):
        collect()
    return list(found.values())[-number:]  # the simplest case of all comes first, and every stream has it


def _named(case: Case, rule: Rule) -> Case:
    """The case's one node with its arrays by the names that the rule has for them, as a node taken alone has."""
    (node,) = case.network.nodes
    names = argument_names(rule, len(node.reads))
    read = dict(zip(names, node.reads, strict=True))
    arrays = {name: case.network.arrays[array] for name, array in read.items()}
    network = Network(arrays, (replace(node, reads=names),), case.network.output)
    return Case(network, {n: case.arrays[r] for n, r in read.items()}, case.cotangent, case.dtype)


def sized(side: Loaded, plan: Plan, names: Sequence[str] = ()) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """For each rule that can be drawn a small case and, where its options allow, a large one, to be timed."""
    signatures = {name: RULES.get(name, rule) for name, rule in side.rules.items()}
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for name in names or [name for name in side.rules if not plan.rules or name in plan.rules]:
        with suppress(*REFUSED):
            some = of_rule(name, side.rules, "float64", 6, plan.stream(f"{name}/timed"), profiles=("normal",))
            ordered = sorted(some, key=_entries, reverse=True)
            large = next(filter(None, (enlarged(case, side.rules, signatures) for case in ordered)), None)
            found[name] = tuple(case.to_json() for case in (ordered[0], large) if case is not None)
    return found


def _entries(case: Case) -> int:
    return sum(recipe.size for recipe in case.arrays.values())
