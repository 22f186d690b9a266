"""The networks that faults are hunted with: those of `backcheck verify`, drawn once and shared by all faults.

A fault is judged at the networks that have its rule. How many networks it took is counted in the whole stream, those
without the rule among them: that is what a run of `verify` would have needed.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from backcheck.campaign.recipe import NETWORKS_A_SHARD, Recipe, cases_of_shard
from backcheck.campaign.shard import PROMISE_CHECKS_A_SHARD
from backcheck.diagnosis.locate import REVERSE_PASS
from backcheck.errors import Ended
from backcheck.processes.pool import JobDone, Pool
from backcheck.processes.worker import Job, Steps
from backcheck.strategies.case import Case
from backcheck.subjects.rule_table import load


@dataclass(frozen=True, slots=True)
class StreamCase:
    """One network of the stream: its number, the rules that it has, and whether a run looks at promises there too."""

    network: int
    rules: frozenset[str]
    promises: bool
    case: Case


def drawn(recipe: Recipe, shard: int) -> Iterator[StreamCase]:
    """The networks of one shard, with what a run of `verify` would ask of each."""
    seen = Counter[str]()
    for at, case in enumerate(cases_of_shard(recipe, shard, load(recipe.subject))):
        rules = frozenset(node.rule for node in case.network.nodes)
        promises = any(seen[rule] < PROMISE_CHECKS_A_SHARD for rule in rules)
        yield StreamCase(shard * NETWORKS_A_SHARD + at, rules, promises, case)
        if all(map(np.any, case.make()[0].values())):
            seen.update(node.rule for node in case.network.nodes)


def _of_shard(recipe: Recipe, shard: int, steps: Steps) -> list[StreamCase]:
    found = []
    for each in drawn(recipe, shard):
        steps.begin(each.network)
        found.append(each)
        steps.done(each.network, False)
    return found


def draw_all(recipe: Recipe, pool: Pool, progress: Callable[[int], None]) -> list[StreamCase]:
    """The whole stream, in order. Raises Ended where a process that draws is ended."""
    jobs = {Job(_of_shard, (recipe, shard)): shard for shard in recipe.shards}
    found: dict[int, list[StreamCase]] = {}
    for event in pool.run(deque(jobs)):
        if isinstance(event, JobDone):
            found[jobs[event.job]] = event.result
            progress(len(event.result))
        elif hasattr(event, "words"):
            raise Ended(f"networks could not be drawn: {event.words}")
    return list(chain.from_iterable(found[shard] for shard in recipe.shards))


def with_rule(stream: Iterable[StreamCase], rule: str) -> list[StreamCase]:
    """The networks at which a fault of this rule can show; a fault of the reverse pass needs a value read twice."""
    return [each for each in stream if (_fans_out(each.case) if rule == REVERSE_PASS else rule in each.rules)]


def _fans_out(case: Case) -> bool:
    reads = [name for node in case.network.nodes for name in node.reads]
    return len(set(reads)) < len(reads)
