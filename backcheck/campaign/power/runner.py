"""Faults are planted one after the other, and networks are judged until each is found."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.campaign.pool import JobDone, NetworkDone, Pool, WorkerDied
from backcheck.campaign.power import naming
from backcheck.campaign.power.fault import Fault
from backcheck.campaign.power.patches import StaleFault
from backcheck.campaign.power.stream import StreamCase, with_rule
from backcheck.campaign.shard import get_ready
from backcheck.campaign.worker import Job, Steps
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.subjects.rule_form import formed
from backcheck.subjects.rule_table import load
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.check import Checked
from scratch_bp.rules import RULES, Rule

# JAX compiles anew for every shape, and never changes what is said of the subject beside PyTorch and the exact truth
ORACLES = ("torch", "differences", "exact")
QUIET: Callable[[], None] = lambda: None  # noqa: E731


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one fault.

    networks   how many networks of the stream were drawn until it was found; None where it was not found
    judged     how many of them had its rule, and were judged
    named      what was named and said, where it was found
    crash      how the run itself ended, where that is how it was noticed; a crash finds nothing
    """

    fault: Fault
    networks: int | None
    judged: int
    seconds: float
    named: naming.Named | None = None
    crash: str = ""

    @property
    def caught(self) -> bool:
        return self.networks is not None


def measured(
    faults: Iterable[Fault],
    stream: Sequence[StreamCase],
    pool: Pool,
    *,
    subject: str | None = None,
    oracles: tuple[str, ...] = ORACLES,
    progress: Callable[[], None] = QUIET,
) -> list[Outcome]:
    """The outcome of each fault, in their order, each judged at the networks of the stream that have its rule.

    `subject` is MODULE:ATTR of a table of rules that the faults are planted in, ours where it is None. Faults are sent
    to other processes: what they are made of is data, or a function with a name in a module. A fault that ends or stops
    its process is an outcome with a `crash`, and no end of the run.
    """
    given = list(faults)
    jobs = {Job(_outcome, (each, with_rule(stream, each.rule), subject, oracles)): each for each in given}
    found: dict[str, Outcome] = {}
    for event in pool.run(deque(jobs)):
        if isinstance(event, NetworkDone):
            continue
        fault = jobs[event.job]
        found[fault.name] = event.result if isinstance(event, JobDone) else _ended(fault, event)
        progress()
    return [found[fault.name] for fault in given]


def _ended(fault: Fault, death: WorkerDied) -> Outcome:
    return Outcome(fault=fault, networks=None, judged=0, seconds=0.0, crash=death.words)


def _outcome(
    fault: Fault, cases: Sequence[StreamCase], subject: str | None, oracles: tuple[str, ...], steps: Steps
) -> Outcome:
    """The job of a worker."""
    get_ready(oracles)
    return outcome(fault, cases, load(subject), oracles, steps)


def outcome(
    fault: Fault,
    cases: Iterable[StreamCase],
    table: Mapping[str, Rule] = RULES,
    oracles: tuple[str, ...] = ORACLES,
    steps: Steps | None = None,
) -> Outcome:
    """What becomes of one fault at these networks. Raises StaleFault where it cannot be planted any more."""
    start, judged = time.perf_counter(), 0
    for each in cases:
        if steps is not None:
            steps.begin(each.network)
        judged += 1
        with fault.planted(table) as planted:
            try:
                found = _finding(fault, each, planted, oracles)
                named = None if found is None else naming.named(fault, *found)
            except StaleFault:
                raise
            except Exception as error:  # ours: the code with the fault may raise whatever it likes, and is contained
                crash = f"{type(error).__name__}: {error} at network {each.network}"
                return Outcome(fault=fault, networks=None, judged=judged, seconds=_since(start), crash=crash)
        if named is not None and not _fails(each, table, oracles):
            return Outcome(
                fault=fault, networks=each.network + 1, judged=judged, seconds=_since(start), named=named
            )
    return Outcome(fault=fault, networks=None, judged=judged, seconds=_since(start))


def _since(start: float) -> float:
    return time.perf_counter() - start


def _finding(
    fault: Fault, each: StreamCase, planted: Mapping[str, Rule], oracles: tuple[str, ...]
) -> tuple[Finding, Checked] | None:
    """What the check finds at this network with the fault in it, handed in as a user's rules are."""
    if fault.patch is not None:
        planted = {**planted, fault.rule: formed(fault.rule, *planted[fault.rule])}
    asked = (*oracles, invariants.PARTY) if each.promises else oracles
    with np.errstate(all="ignore"):
        checked = check_case(each.case, planted, asked)
        finding = diagnose(checked)
    return None if finding is None else (finding, checked)


def _fails(each: StreamCase, table: Mapping[str, Rule], oracles: tuple[str, ...]) -> bool:
    """Is there a disagreement without the fault too? Then nothing is shown by it."""
    asked = (*oracles, invariants.PARTY) if each.promises else oracles
    return bool(check_case(each.case, table, asked).disagreements)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """One row, for a machine."""
    fault, named = outcome.fault, outcome.named
    row = {
        "fault": fault.name, "rule": fault.rule, "kind": fault.kind, "common": fault.common, "caught": outcome.caught,
        "networks": outcome.networks, "judged": outcome.judged, "seconds": round(outcome.seconds, 3),
        "crash": outcome.crash, "needs": fault.needs,
    }  # fmt: skip
    return row | ({} if named is None else naming.as_json(named))
