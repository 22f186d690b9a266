"""The failures of a run explained, each in a worker: to explain one is to run the code under test again, many times."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from backcheck.campaign import crashes
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import SHRUNK_SHARDS, Failure
from backcheck.campaign.shrunk_failure import shrunk
from backcheck.diagnosis.consensus import most_telling
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.diagnosis.note import replay_command, tell
from backcheck.diagnosis.reproducer import archive
from backcheck.problem import Problem
from backcheck.processes.pool import Cause, NetworkDone, Pool, WorkerDied
from backcheck.processes.worker import Job, Steps
from backcheck.strategies.case import Case, draw_as_text
from backcheck.subjects.rule_table import load
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.parties import FRAMEWORKS, calm, without
from backcheck_reports import CaseNote, write_note
from backcheck_reports.destination import GENERATOR
from backcheck_reports.storage.manifest import write_listed
from scratch_bp.rules import Rule

EXPLAINED = 8  # kinds of failure: to shrink one takes seconds


def explain(failures: list[Failure], recipe: Recipe, folder: Path, pool: Pool, step: Callable[[], None]) -> None:
    """Write a note about one failure of each kind, and keep the smallest case that fails so."""
    jobs = {
        Job(_explained, (failure, SHRUNK_SHARDS + number, recipe, folder)): (number, failure)
        for number, failure in enumerate(failures[:EXPLAINED])
    }
    waiting, killed = deque(jobs), set[Job]()
    for event in pool.run(waiting):
        if isinstance(event, NetworkDone):
            continue
        if isinstance(event, WorkerDied):
            if event.cause is Cause.KILLED and event.job not in killed:  # by somebody: once more
                killed.add(event.job)
                waiting.append(event.job)
                continue
            number, failure = jobs[event.job]
            note = _untold(failure, Case.from_json(failure.case), recipe, folder, f"did not end: {event.words}")
            _keep(note, Case.from_json(failure.case), failure, SHRUNK_SHARDS + number, folder)
        step()


def _explained(failure: Failure, shard: int, recipe: Recipe, folder: Path, steps: Steps) -> None:
    """The job of a worker."""
    calm()
    table, found = load(recipe.subject), Case.from_json(failure.case)
    crash = crashes.known(folder).get(failure.network)
    # a framework that nobody asked for may end the process, too
    left_out = {name for name in FRAMEWORKS if name not in recipe.oracles} | ({crash.party} if crash else set())
    with without(*left_out):
        try:
            failure = _most_telling(failure, table)
            found = Case.from_json(failure.case)
            case = shrunk(failure, recipe, table)
            note = tell(case, table, found=found, id=failure.id, subject=recipe.subject, out=str(folder))
        except Exception as error:  # the subject is run again for this, and may do something else each time
            case, note = found, _untold(failure, found, recipe, folder, f"raises {type(error).__name__}: {error}")
    if note is not None:
        _keep(note, case, failure, shard, folder)


def _most_telling(failure: Failure, table: Mapping[str, Rule]) -> Failure:
    """Of the failure and those that are like it the one whose case tells most about the fault."""
    told: list[tuple[Failure, Finding, Problem]] = []
    for each in (failure, *failure.alike):
        checked = check_case(Case.from_json(each.case), table)
        finding = diagnose(checked)
        if finding is not None and finding.bucket == failure.bucket:
            told.append((each, finding, checked.problem))
    if len(told) < 2:
        return failure
    number, _ = most_telling([(finding, problem) for _, finding, problem in told])
    return told[number][0]


def _untold(failure: Failure, found: Case, recipe: Recipe, folder: Path, what: str) -> CaseNote:
    """The note of a failure that could not be explained."""
    party, rule, argument = failure.bucket
    said = f"{rule} disagrees by {argument}, and to tell more {what}"
    again = replay_command(failure.id, recipe.subject, str(folder))
    title, drawn = f"{rule}.{argument}  {found.dtype}", draw_as_text(found.network)
    return CaseNote(failure.id, title, (said,), drawn, (), "", again, rule=rule, tensor=argument, party=party)


def _keep(note: CaseNote, case: Case, failure: Failure, shard: int, folder: Path) -> None:
    write_note(folder, note)
    write_listed(folder, f"notes/{failure.id}.npz", archive(case))
    row = {"id": case.id, "network": failure.network, "case": case.to_json(), "found": failure.case}
    line = json.dumps({"generator": f"{GENERATOR} case", **row}) + "\n"
    write_listed(folder, f"cases-{shard:04d}.jsonl", line)
