"""Many drawn networks, in shards. A shard is a pure function of the recipe and its number: it can run anywhere, in any
order, and be skipped when its file is there."""

import hashlib
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from backcheck.campaign import crashes
from backcheck.campaign.crashes import Ending
from backcheck.diagnosis.locate import diagnose
from backcheck.errors import Ended
from backcheck.problem import OUTPUT, BadInput, pose
from backcheck.strategies.candidates import some_sizes
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases, cases_of
from backcheck.strategies.catalogue import signature_of
from backcheck.strategies.pairs import Wish, wish
from backcheck.subjects import table as subject
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine, records
from backcheck.verdicts.measure import Measure
from backcheck.verdicts.parties import ORACLES, calm
from backcheck.verdicts.second_order import SECOND
from backcheck_reference.numbers.balls import BITS
from backcheck_reports import ShardWriter, finished_shards
from backcheck_reports.record import Verdict
from backcheck_reports.storage.shards import sources
from scratch_bp.rules import RULES, Rule
from scratch_bp.zoo import ZOO

SHARD = 50
DRAWS = 2  # of one network: the simplest, and the one that is meant
SIGHTINGS = 3  # how often in a shard a rule's promises are looked at
SHRUNK = 9500  # the shards from here on hold the shrunk cases
SHARDS_A_SIZE = 4  # shards in a row that share their sizes, so that JAX finds its compiled pieces again


EVERYBODY = (*ORACLES, invariants.PARTY, SECOND)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a run draws and asks."""

    networks: int = 500
    seed: int = 0
    rules: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32")
    oracles: tuple[str, ...] = ORACLES
    subject: str | None = None
    order: int = 1
    zoo: bool = False  # the named architectures in turn, in place of drawn networks

    def __post_init__(self) -> None:
        if self.networks < 1:
            raise BadInput(f"--networks must be at least 1, got {self.networks}")
        if self.order not in (1, 2):
            raise BadInput(f"--order must be 1 or 2, got {self.order}")
        if self.zoo and self.rules:
            raise BadInput(f"--zoo has networks of its own, and takes no --rules; got {','.join(self.rules)}")
        _known("rule", self.rules, subject.load(self.subject))
        _known("oracle", self.oracles, ORACLES)
        _known("dtype", self.dtypes, BITS)

    @property
    def asked(self) -> tuple[str, ...]:
        """The oracles, and at order 2 Hessian-vector products of those that have them."""
        return (*self.oracles, SECOND) if self.order == 2 else self.oracles

    @property
    def shards(self) -> range:
        return range(-(-self.networks // SHARD))

    def count(self, shard: int) -> int:
        """How many networks a shard has."""
        return min(SHARD, self.networks - shard * SHARD)

    def stream(self, network: int) -> int:
        """The seed of a network's draws."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{network}".encode()).digest()[:8])

    def strategy(self, network: int, table: Mapping[str, Rule]) -> SearchStrategy[Case]:
        """What a network is drawn from: few sizes and one dtype for all of a shard, and a pair of rules of its own."""
        if self.zoo:
            turn, which = divmod(network, len(ZOO))
            dtype = self.dtypes[turn % len(self.dtypes)]
            return cases_of(list(ZOO.values())[which](), (dtype,), ("normal",), tame=True)
        # the shapes of a known rule are ours: a replacement need not be annotated
        known, shard = {**table, **RULES}, network // SHARD
        return cases(
            self.rules or None,
            (self.dtypes[shard % len(self.dtypes)],),
            table=known,
            sizes=some_sizes(shard // SHARDS_A_SIZE),
            wanted=self.wish(network, known),
        )

    def wish(self, network: int, table: Mapping[str, Rule]) -> Wish | None:
        """The pair of rules that a network is about; None where no rule can be first."""
        chosen = tuple(name for name in table if not self.rules or name in self.rules)
        layers = tuple(name for name in chosen if not signature_of(name, table).is_loss)
        first = int.from_bytes(hashlib.sha256(f"{self.seed}".encode()).digest()[:4])
        return wish(first + network, layers, chosen) if layers else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _known(what: str, names: tuple[str, ...], known: Any) -> None:
    for name in names:
        if name not in known:
            raise BadInput(f"unknown {what} {name!r}; known are {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Failure:
    """One disagreement of a shard: the bucket it falls into, and the case as JSON."""

    bucket: tuple[str, str, str]
    case: Mapping[str, Any]
    id: str
    network: int
    shard: int


@dataclass(frozen=True, slots=True)
class ShardResult:
    shard: int
    networks: int
    failures: tuple[Failure, ...]


def run_shard(recipe: Recipe, shard: int, folder: Path | str, step: Callable[[], None] = lambda: None) -> ShardResult:
    """Draw and check a shard, its records and cases written as they are made."""
    table = subject.load(recipe.subject)
    calm()
    failures: dict[tuple[str, str, str], Failure] = {}
    done, seen, spared = 0, Counter[str](), crashes.known(folder)
    with ShardWriter(folder, shard) as out:
        for number, case in enumerate(drawn(recipe, shard, table)):
            index = shard * SHARD + number
            new = any(seen[node.rule] < SIGHTINGS for node in case.network.nodes)
            seen.update(node.rule for node in case.network.nodes)
            asked = (*recipe.asked, invariants.PARTY) if new else recipe.asked
            ending = spared.get(index)
            checked = check_case(case, table, asked) if ending is None else _sparing(ending, case, table, asked)
            out.records(records(checked, case=case.id, network=index, profile=case.profile))
            out.case({"id": case.id, "network": index, "case": case.to_json()})
            failure = _failure(checked, case, index, shard)
            if failure is not None:
                failures.setdefault(failure.bucket, failure)
            done += 1
            step()
    return ShardResult(shard, done, tuple(failures.values()))


def check_case(case: Case, table: Mapping[str, Rule], oracles: tuple[str, ...] = EVERYBODY) -> Checked:
    """Make a case's arrays and examine it. Overflow on the way is part of what is examined, so nothing warns of it."""
    arrays, dy = case.make()
    with np.errstate(all="ignore"):
        return examine(pose(case.network, arrays, dy, rules=table), crashes.without_spared(oracles))


def _sparing(ending: Ending, case: Case, table: Mapping[str, Rule], oracles: tuple[str, ...]) -> Checked:
    """A case without the framework that ends the process, which is unavailable."""
    with crashes.sparing(ending):
        checked = check_case(case, table, oracles)
    gone = Measure(Verdict.UNAVAILABLE, reason=ending.reason)
    missing = {(name, ending.party): gone for name in (OUTPUT, *checked.problem.wanted)}
    return replace(checked, measures={**checked.measures, **missing})


def check_one(recipe: Recipe, network: int, oracles: Sequence[str]) -> Checked:
    """One network of a run, by its number."""
    table = subject.load(recipe.subject)
    return check_case(draw(recipe, network, table), table, tuple(oracles))


def _failure(checked: Checked, case: Case, index: int, shard: int) -> Failure | None:
    with np.errstate(all="ignore"):
        finding = diagnose(checked)
    return None if finding is None else Failure(finding.bucket, case.to_json(), case.id, index, shard)


def drawn(recipe: Recipe, shard: int, table: Mapping[str, Rule]) -> Iterator[Case]:
    """The cases of a shard, in order."""
    first = shard * SHARD
    return (draw(recipe, network, table) for network in range(first, first + recipe.count(shard)))


def draw(recipe: Recipe, network: int, table: Mapping[str, Rule]) -> Case:
    """One case. Every stream opens with the simplest case there is; only the first network keeps it."""
    found: list[Case] = []

    @seed(recipe.stream(network))
    @settings(
        max_examples=DRAWS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(recipe.strategy(network, table))
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found[0] if network == 0 else found[-1]


def run(recipe: Recipe, folder: Path, workers: int, progress: Callable[[int], None], resume: bool) -> list[Failure]:
    """Run every shard that is not there yet; `progress(n)` hears of n more networks. Returns a failure per bucket."""
    ready = set(finished_shards(folder)) if resume else set()
    todo = [shard for shard in recipe.shards if shard not in ready]
    for shard in ready & set(recipe.shards):
        progress(recipe.count(shard))
    failures: dict[tuple[str, str, str], Failure] = {}
    for result in _whatever_ends(recipe, todo, folder, workers, progress):
        for failure in result.failures:
            best = failures.get(failure.bucket)
            if best is None or failure.shard < best.shard:
                failures[failure.bucket] = failure
    return sorted(failures.values(), key=lambda failure: failure.network)


def _whatever_ends(
    recipe: Recipe, todo: list[int], folder: Path, workers: int, progress: Callable[[int], None]
) -> Iterator[ShardResult]:
    """The results of all shards, also where a framework ends a worker's process: it is spared that network then.

    Raises Ended when it is nobody's fault, or the subject's.
    """
    here = min(workers, len(todo)) <= 1
    if here:  # nobody is left to look afterwards; when the run goes on is the time
        _spare(recipe, folder)
    while todo:
        try:
            for result in _results(recipe, todo, folder, 1 if here else max(2, workers), progress):
                todo = [shard for shard in todo if shard != result.shard]
                yield result
        except BrokenProcessPool as error:
            if not _spare(recipe, folder):
                raise Ended(
                    "a process of the run was ended, and none of its networks does that again alone; was the memory "
                    "enough? Fewer --workers need less; --resume goes on with what is finished"
                ) from error


def _spare(recipe: Recipe, folder: Path) -> bool:
    """Look for who ended the processes of the shards that are begun and not whole. Is there somebody?"""
    spared = crashes.known(folder)
    begun = [source for source in sources(folder, "cases") if not source.whole and source.shard in recipe.shards]
    for source in begun:
        with open(source.path, "rb") as lines:
            at = source.shard * SHARD + sum(line.endswith(b"\n") for line in lines)
        ending = None if at in spared else crashes.who(at, partial(check_one, recipe, at), recipe.asked)
        if ending is not None:
            crashes.keep(folder, spared | {at: ending})
            return True
    return False


def _results(
    recipe: Recipe, todo: list[int], folder: Path, workers: int, progress: Callable[[int], None]
) -> Iterator[ShardResult]:
    if workers == 1:
        for shard in todo:
            yield run_shard(recipe, shard, folder, lambda: progress(1))
        return
    # spawn, not fork: PyTorch and JAX start threads that a fork would leave in pieces
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(todo)), mp_context=context) as pool:
        futures = [pool.submit(run_shard, recipe, shard, folder) for shard in todo]
        try:
            for future in as_completed(futures):
                progress(recipe.count(future.result().shard))
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
