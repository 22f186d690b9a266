"""One shard of a run: a few networks drawn and checked, and their records written.

A shard depends on the recipe and its number alone. It can run anywhere and in any order, and it need not run again
when its file is there.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backcheck.campaign import crashes, lines_reached
from backcheck.campaign.crashes import Crash
from backcheck.campaign.recipe import NETWORKS_A_SHARD, Recipe, cases_of_shard, draw
from backcheck.campaign.unfinished import kept
from backcheck.diagnosis.blame import Blamed, blamed
from backcheck.diagnosis.consensus import ENOUGH
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.processes.worker import QUIET, Steps
from backcheck.strategies.case import Case
from backcheck.strategies.case_shape import case_rows
from backcheck.subjects.rule_table import load
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case, not_checked, not_judged
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import calm, without
from backcheck.verdicts.records import records
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.lazy import Unavailable
from backcheck_reports import ShardWriter
from backcheck_reports.record import Verdict
from backcheck_reports.storage.shards import sources
from scratch_bp.rules import Rule

PROMISE_CHECKS_A_SHARD = 3  # of each rule: they cost several calls, and do not depend on the values
SHRUNK_SHARDS = 9500  # the shards from here on hold the shrunk cases


@dataclass(frozen=True, slots=True)
class Failure:
    """One disagreement of a run. `bucket` is the same for failures with the same cause, of which `alike` are some that
    came later; `case` is JSON."""

    bucket: tuple[str, str, str]
    case: Mapping[str, Any]
    id: str
    network: int
    alike: tuple["Failure", ...] = ()


def run_shard(recipe: Recipe, shard: int, folder: Path | str, steps: Steps = QUIET) -> None:
    """Draw and check a shard. Records and cases are written as they are made: a run that breaks off keeps them.

    What an earlier attempt at the shard has kept is taken over, and not checked again.
    """
    table = load(recipe.subject)
    get_ready(recipe.oracles)
    seen, known, before = Counter[str](), crashes.known(folder), kept(folder, shard)
    with ShardWriter(folder, shard) as out, lines_reached.counted(recipe, table, folder, shard) as lines:
        for number, case in enumerate(cases_of_shard(recipe, shard, table)):
            index = shard * NETWORKS_A_SHARD + number
            if index in before and before[index].case["id"] == case.id:
                out.records(before[index].records)
                out.case(before[index].case)
                steps.done(index, "bucket" in before[index].case)
            else:
                steps.begin(index)
                new = any(seen[node.rule] < PROMISE_CHECKS_A_SHARD for node in case.network.nodes)
                asked = (*recipe.asked, invariants.PARTY) if new else recipe.asked
                with lines.network():
                    checked, finding, own = _examined(known.get(index), case, lines.table, asked)
                out.records(records(checked, case=case.id, network=index, profile=case.profile, blamed=own))
                row = {"id": case.id, "network": index, "case": case.to_json()}
                out.case(row if finding is None else {**row, "bucket": finding.bucket})
                steps.done(index, finding is not None)
            # zeros hide what a second call does: three times zero is zero
            if all(map(np.any, case.make()[0].values())):
                seen.update(node.rule for node in case.network.nodes)


def get_ready(oracles: Collection[str]) -> None:
    """Import what takes long and is asked, so that the time of no network counts it."""
    if "torch" in oracles:
        calm()
    if "jax" in oracles:
        with suppress(Unavailable):
            jax_oracle.prepare()


def failures_of(recipe: Recipe, folder: Path) -> list[Failure]:
    """The first failure of each bucket, with a few that are like it, of all shards that are there: a run that was
    resumed has them too."""
    found: defaultdict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for source in sources(folder, "cases"):
        if source.whole and source.shard in recipe.shards:
            for row in case_rows(source):
                if "bucket" in row and len(found[row["bucket"]]) < ENOUGH:
                    failure = Failure(row["bucket"], row["case"], row.get("id", ""), row.get("network", -1))
                    found[failure.bucket].append(failure)
    firsts = [replace(first, alike=tuple(alike)) for first, *alike in found.values()]
    return sorted(firsts, key=lambda failure: failure.network)


def case_of(folder: Path, network: int) -> str:
    """The id of a network's case; empty where it is not there."""
    rows = (row for source in sources(folder, "cases") for row in case_rows(source))
    return next((row.get("id", "") for row in rows if row.get("network") == network), "")


def _examined(
    crash: Crash | None, case: Case, table: Mapping[str, Rule], asked: tuple[str, ...]
) -> tuple[Checked, Finding | None, Mapping[Key, Blamed]]:
    """The verdicts, the finding, and the rule that each fault follows from.

    A failure of ours at one network is recorded there, and ends no run.
    """
    if crash is not None and crash.of_everything:
        return not_judged(case, table, crash.reason), None, {}
    try:
        with without(crash.party if crash else ""), np.errstate(all="ignore"):
            checked = check_case(case, table, asked)
            checked = checked if crash is None else _with_missing(checked, crash)
            finding = diagnose(checked)
            return checked, finding, blamed(checked, finding)
    except Exception as error:
        return not_checked(case, table, error), None, {}


def _with_missing(checked: Checked, crash: Crash) -> Checked:
    """The framework that ends the process, and was not asked, is recorded as unavailable."""
    gone = Measure(Verdict.UNAVAILABLE, reason=crash.reason)
    missing = {(key, crash.party): gone for key in checked.problem.tensors}
    return replace(checked, measures={**checked.measures, **missing})


def check_one(recipe: Recipe, network: int, oracles: Sequence[str]) -> None:
    """One network of a run, by its number, in all ways in which a shard may look at it."""
    table = load(recipe.subject)
    get_ready(recipe.oracles)
    case = draw(recipe, network, table)
    with without(*(name for name in recipe.oracles if name not in oracles)):
        _examined(None, case, table, (*oracles, invariants.PARTY))
