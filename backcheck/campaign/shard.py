"""One shard of a run: a few networks drawn and checked, and their records written.

A shard depends on the recipe and its number alone. It can run anywhere and in any order, and it need not run again
when its file is there.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backcheck.campaign import crashes
from backcheck.campaign.crashes import Crash
from backcheck.campaign.recipe import NETWORKS_A_SHARD, Recipe, cases_of_shard, draw
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.strategies.case import Case
from backcheck.subjects.rule_table import load
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case, not_checked
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Measure
from backcheck.verdicts.parties import calm, without
from backcheck.verdicts.records import records
from backcheck_reports import ShardWriter
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

PROMISE_CHECKS_A_SHARD = 3  # of each rule: they cost several calls, and do not depend on the values
SHRUNK_SHARDS = 9500  # the shards from here on hold the shrunk cases


@dataclass(frozen=True, slots=True)
class Failure:
    """One disagreement of a shard. `bucket` is the same for failures with the same cause; `case` is JSON."""

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
    """Draw and check a shard. Records and cases are written as they are made: a run that breaks off keeps them."""
    table = load(recipe.subject)
    calm()
    failures: dict[tuple[str, str, str], Failure] = {}
    done, seen, known = 0, Counter[str](), crashes.known(folder)
    with ShardWriter(folder, shard) as out:
        for number, case in enumerate(cases_of_shard(recipe, shard, table)):
            index = shard * NETWORKS_A_SHARD + number
            new = any(seen[node.rule] < PROMISE_CHECKS_A_SHARD for node in case.network.nodes)
            asked = (*recipe.asked, invariants.PARTY) if new else recipe.asked
            crash = known.get(index)
            checked, finding = _examined(crash, case, table, asked)
            # zeros hide what a second call does: three times zero is zero
            if all(map(np.any, checked.problem.arrays.values())):
                seen.update(node.rule for node in case.network.nodes)
            out.records(records(checked, case=case.id, network=index, profile=case.profile))
            out.case({"id": case.id, "network": index, "case": case.to_json()})
            if finding is not None:
                failure = Failure(finding.bucket, case.to_json(), case.id, index, shard)
                failures.setdefault(failure.bucket, failure)
            done += 1
            step()
    return ShardResult(shard, done, tuple(failures.values()))


def _examined(
    crash: Crash | None, case: Case, table: Mapping[str, Rule], asked: tuple[str, ...]
) -> tuple[Checked, Finding | None]:
    """The verdicts and the finding. A failure of ours at one network is recorded there, and ends no run."""
    try:
        checked = check_case(case, table, asked) if crash is None else _check_without(crash, case, table, asked)
        with np.errstate(all="ignore"):
            return checked, diagnose(checked)
    except Exception as error:
        return not_checked(case, table, error), None


def _check_without(ending: Crash, case: Case, table: Mapping[str, Rule], oracles: tuple[str, ...]) -> Checked:
    """The case checked without the framework that ends the process, which is recorded as unavailable."""
    with without(ending.party):
        checked = check_case(case, table, oracles)
    gone = Measure(Verdict.UNAVAILABLE, reason=ending.reason)
    missing = {(key, ending.party): gone for key in checked.problem.tensors}
    return replace(checked, measures={**checked.measures, **missing})


def check_one(recipe: Recipe, network: int, oracles: Sequence[str]) -> Checked:
    """One network of a run, by its number."""
    table = load(recipe.subject)
    return check_case(draw(recipe, network, table), table, tuple(oracles))
