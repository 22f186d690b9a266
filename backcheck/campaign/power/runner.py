"""Faults are planted one after the other, and networks are judged until each is found."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.campaign.power import identification, optimiser_steps
from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.stream import StreamCase, drawn, with_rule
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import get_ready
from backcheck.diagnosis.consensus import ENOUGH
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.processes.pool import JobDone, NetworkDone, Pool, WorkerDied
from backcheck.processes.worker import QUIET, Job, Steps
from backcheck.subjects.rule_form import formed
from backcheck.subjects.rule_table import load
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.check import Checked
from scratch_bp.rules import RULES, Rule

# JAX compiles anew for every shape, and changes nothing that is said of the subject beside PyTorch and the exact truth
ORACLES = ("torch", "differences", "exact")
MOST_AFTER = 30  # networks of the rule that are judged after the first find, for what is said of the fault
Find = tuple[Finding, Checked]


def quiet(outcome: "FaultOutcome") -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOutcome:
    """What became of one fault.

    networks   how many networks of the stream were drawn until it was found; None where it was not found
    judged     how many of them had its rule, and were judged
    seconds    the time until it was found; what came after it, for the explanation, is not counted
    named      what was named and said, where it was found
    crash      how the run itself ended, where that is how it was noticed; a crash finds nothing
    """

    fault: PlantedFault
    networks: int | None
    judged: int
    seconds: float
    named: identification.Named | None = None
    crash: str = ""

    @property
    def caught(self) -> bool:
        return self.networks is not None


def measured(
    faults: Iterable[PlantedFault],
    stream: Sequence[StreamCase] | None,
    pool: Pool,
    recipe: Recipe,
    *,
    progress: Callable[[FaultOutcome], None] = quiet,
) -> list[FaultOutcome]:
    """The outcome of each fault, in their order, each judged at the networks of the stream that have its rule.

    `recipe` is what the stream was drawn from: its oracles are asked, and its subject has the rules that faults are
    planted in. Without a stream each fault is given as many networks of its rule alone. Faults are sent to other
    processes: what they are made of is data, or a function with a name in a module. A fault that ends or stops its
    process is an outcome with a `crash`, and no end of the run.
    """
    given = list(faults)
    jobs = {Job(_job, (each, None if stream is None else with_rule(stream, each.rule), recipe)): each for each in given}
    found: dict[str, FaultOutcome] = {}
    for event in pool.run(deque(jobs)):
        if isinstance(event, NetworkDone):
            continue
        fault = jobs[event.job]
        found[fault.name] = event.result if isinstance(event, JobDone) else _ended(fault, event)
        progress(found[fault.name])
    return [found[fault.name] for fault in given]


def _ended(fault: PlantedFault, death: WorkerDied) -> FaultOutcome:
    return FaultOutcome(fault=fault, networks=None, judged=0, seconds=0.0, crash=death.words)


def _job(fault: PlantedFault, cases: Sequence[StreamCase] | None, recipe: Recipe, steps: Steps) -> FaultOutcome:
    """The job of a worker."""
    get_ready(recipe.oracles)
    if cases is None or fault.rule in optimiser_steps.TWINS:
        return of_rule_alone(fault, recipe, steps)
    return outcome(fault, cases, load(recipe.subject), recipe.oracles, steps)


def of_rule_alone(fault: PlantedFault, recipe: Recipe, steps: Steps = QUIET) -> FaultOutcome:
    """The outcome on networks that are drawn of the fault's rule alone, or on steps of optimisers."""
    if fault.rule in optimiser_steps.TWINS:
        return of_optimiser(fault, recipe.networks, recipe.seed, steps)
    rules = (fault.rule,) if fault.rule in RULES else ()
    return outcome(fault, drawn(replace(recipe, rules=rules), 0), load(recipe.subject), recipe.oracles, steps)


def outcome(
    fault: PlantedFault,
    cases: Iterable[StreamCase],
    table: Mapping[str, Rule] = RULES,
    oracles: tuple[str, ...] = ORACLES,
    steps: Steps = QUIET,
) -> FaultOutcome:
    """What becomes of one fault at these networks. Raises StaleFault where it cannot be planted any more."""
    start = time.perf_counter()
    judged, networks, seconds = 0, None, 0.0
    rules, finds = _as_handed_in(fault, fault.apply(table)), list[Find]()
    for number, each in enumerate(cases, start=1):
        if len(finds) == ENOUGH or (networks is not None and number > judged + MOST_AFTER):
            break
        steps.begin(each.network)
        try:
            with fault.reverse_pass():
                found = _find(each, rules, oracles)
        except Exception as error:  # ours: what the code with the fault raises is contained
            crash = f"{type(error).__name__}: {error} at network {each.network}"
            return FaultOutcome(fault=fault, networks=None, judged=number, seconds=_since(start), crash=crash)
        if found is not None and (finds or not _fails(each, table, oracles)):
            finds.append(found)
        if networks is None:
            judged, seconds = number, _since(start)
            networks = each.network + 1 if finds else None
    with fault.reverse_pass():
        named = identification.named(fault, finds) if finds else None
    return FaultOutcome(fault=fault, networks=networks, judged=judged, seconds=seconds, named=named)


def _as_handed_in(fault: PlantedFault, planted: Mapping[str, Rule]) -> Mapping[str, Rule]:
    """The rules with the faulty one in the form in which a user's are judged."""
    return planted if fault.patch is None else {**planted, fault.rule: formed(fault.rule, *planted[fault.rule])}


def _find(each: StreamCase, rules: Mapping[str, Rule], oracles: tuple[str, ...]) -> Find | None:
    """What the check finds at this network with the fault in it."""
    asked = (*oracles, invariants.PARTY) if each.promises else oracles
    with np.errstate(all="ignore"):
        checked = check_case(each.case, rules, asked)
        finding = diagnose(checked)
    return None if finding is None else (finding, checked)


def _fails(each: StreamCase, table: Mapping[str, Rule], oracles: tuple[str, ...]) -> bool:
    """Is there a disagreement without the fault too? Then nothing is shown by it."""
    asked = (*oracles, invariants.PARTY) if each.promises else oracles
    return bool(check_case(each.case, table, asked).disagreements)


def of_optimiser(fault: PlantedFault, draws: int, seed: int, steps: Steps = QUIET) -> FaultOutcome:
    """The outcome of a fault in an optimiser, on a stream of steps that has every optimiser in turn."""
    start, judged, faulty = time.perf_counter(), 0, optimiser_steps.planted(fault)
    for number in range(draws):
        drawn = optimiser_steps.drawn(seed, number)
        if drawn.optimiser != fault.rule:
            continue
        steps.begin(number)
        judged += 1
        said = optimiser_steps.differs(faulty, drawn)
        if said:
            named = identification.of_optimiser(fault, said)
            return FaultOutcome(fault=fault, networks=number + 1, judged=judged, seconds=_since(start), named=named)
    return FaultOutcome(fault=fault, networks=None, judged=judged, seconds=_since(start))


def _since(start: float) -> float:
    return time.perf_counter() - start


def as_json(outcome: FaultOutcome) -> dict[str, Any]:
    """One row, for a machine and for the page."""
    fault, named = outcome.fault, outcome.named
    row = {
        "fault": fault.name, "rule": fault.rule, "kind": fault.kind, "common": fault.common, "caught": outcome.caught,
        "networks": outcome.networks, "judged": outcome.judged, "seconds": round(outcome.seconds, 3),
        "crash": outcome.crash, "needs": fault.needs, "seen": fault.seen,
    }  # fmt: skip
    return row | ({} if named is None else identification.as_json(named))
