"""The catalogue of faults, given to backcheck and to the checkers that people use: what each finds, and its time.

    python -m benchmarks.fault_checkers [--faults N] [--networks N] [--seed S] [--run DIR]

Each fault is planted in its rule and given to every checker as its documentation says, with its own steps and
tolerances, in two ways. First at an ordinary case, such as people write into a test: one node, normal numbers, the
first that is drawn so; it is the same for all faults of a rule. Then at the case at which backcheck's own draws first
show the fault, so that there is something to be seen. The right rule at the same values follows: whoever calls that
wrong raises a false alarm. Those cases are drawn with ties, kinks, saturation and wide ranges. Beside them stands
backcheck with its own draws: up to --networks networks of the rule, as `backcheck power --quick` has them.
Faults of the reverse pass and of optimisers are nothing that the others can be asked about, and are left out.
`--run DIR` adds the answers to a run of `backcheck power`, and its page shows them.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from backcheck.campaign.power.catalogue import CATALOGUE
from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.stream import drawn
from backcheck.campaign.recipe import Recipe
from backcheck.diagnosis.locate import diagnose
from backcheck.outputs import as_one
from backcheck.problem import Problem
from backcheck.subjects.rule_form import formed
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case, problem_of_case
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.parties import calm
from backcheck_reports import read_run, write_run
from backcheck_reports.exports.formats import export, held
from backcheck_reports.figures.planted import CheckerRow, planted
from benchmarks.shared import command_line
from benchmarks.shared.checkers import CHECKERS, asked
from scratch_bp.rules import LOSSES, RULES

OWN_DRAWS, ORDINARY, SHOWN = "backcheck, own draws", "an ordinary case", "where it shows"
ORACLES = ("torch", "differences", "exact", invariants.PARTY)


def shown_by(fault: PlantedFault, networks: int, seed: int) -> Problem | None:
    """The node that first shows the fault, with the fault in it; None where no network did."""
    recipe = Recipe(networks, seed, rules=(fault.rule,), dtypes=("float64",))
    table = fault.apply()
    table = {**table, fault.rule: formed(fault.rule, *table[fault.rule])}
    with np.errstate(all="ignore"):
        for each in drawn(recipe, 0):
            checked = check_case(each.case, table, ORACLES)
            finding = diagnose(checked)
            if finding is not None and finding.rule == fault.rule:
                alone = finding.alone or isolate(checked.problem, finding.node)
                if alone is not None and alone.wanted:
                    return alone
    return None


def ordinary(rule: str, networks: int, seed: int) -> Problem | None:
    """A node of the rule as people write one into a test: normal numbers, and none of its own drawn among them."""
    recipe = Recipe(networks, seed, rules=(rule,), dtypes=("float64",))
    for each in drawn(recipe, 0):
        network = each.case.network
        if each.case.profile == "normal" and not any(recipe.overrides for recipe in each.case.arrays.values()):
            node = next(node for node in network.nodes if node.rule == rule)
            alone = isolate(problem_of_case(each.case, RULES), node.name)
            if alone is not None and alone.wanted and alone.dy.any() and alone.dy.size >= (1 if rule in LOSSES else 2):
                return alone
    return None


def with_the_right_rule(problem: Problem) -> Problem:
    """The same node, at the same values, with the right rule."""
    (node,) = problem.network.nodes
    return replace(problem, rules={**problem.rules, node.rule: as_one(RULES[node.rule])})


def with_the_fault(problem: Problem, fault: PlantedFault) -> Problem:
    """The same node, with the fault in its rule."""
    faulty = as_one(fault.apply()[fault.rule])
    return replace(problem, rules={**problem.rules, fault.rule: faulty})


def answers(problem: Problem) -> dict[str, dict[str, Any]]:
    """What every checker says of the node, and the time that it took."""
    found = {}
    for name in CHECKERS:
        start = time.perf_counter()
        said = asked(name, problem)
        found[name] = {"caught": said, "seconds": time.perf_counter() - start}
    return found


def rows(faults: list[PlantedFault], networks: int, seed: int, console: Console) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cases = {rule: ordinary(rule, networks, seed) for rule in {fault.rule for fault in faults}}
    for fault in track(faults, "faults", console=console):
        usual, shown_at = cases[fault.rule], shown_by(fault, networks, seed)
        said = {} if usual is None else _named(ORDINARY, answers(with_the_fault(usual, fault)))
        if shown_at is not None:
            said |= _named(SHOWN, answers(shown_at))
        said[OWN_DRAWS] = {"caught": shown_at is not None}
        found.append({"fault": fault.name, "rule": fault.rule, "kind": fault.kind, "checkers": said})
        if shown_at is not None:
            right = _named(SHOWN, answers(with_the_right_rule(shown_at)))
            found.append({"fault": fault.name, "rule": fault.rule, "right": True, "checkers": right})
    return found


def _named(way: str, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{name}, {way}": answer for name, answer in found.items()}


def shown(console: Console, found: list[dict[str, Any]]) -> None:
    section = planted([{**row, "caught": True} for row in found])
    table = Table("checker", "found", "share", "false alarms", "ms, median", title="planted faults")
    for row in section.checkers if section else ():
        table.add_row(*_cells(row))
    console.print(table)


def _cells(row: CheckerRow) -> tuple[str, ...]:
    return row.name, row.caught, row.share, row.alarms, row.milliseconds


def add_to(folder: Path, found: list[dict[str, Any]]) -> Path:
    """Add the answers to the run of `backcheck power` in the folder, and write its page again."""
    run = read_run(folder)
    wrong = {row["fault"]: row["checkers"] for row in found if not row.get("right")}
    known = [{**row, "checkers": wrong.get(row["fault"], {})} for row in run.power if not row.get("right")]
    right = [row for row in found if row.get("right")]
    write_run(folder, replace(run, power=(*known, *right)))
    return export("html", held(folder))


def options() -> argparse.Namespace:
    parser = command_line.parser(__doc__)
    parser.add_argument("--faults", type=int, default=len(CATALOGUE), help="only so many, taken evenly")
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", type=Path, help="the folder of a run of backcheck power")
    return command_line.options(parser, faults=3, networks=20)


def main() -> None:
    given = options()
    calm()
    console = Console()
    askable = [fault for fault in CATALOGUE if fault.rule in RULES]
    chosen = askable[:: max(1, len(askable) // given.faults)][: given.faults]
    found = rows(chosen, given.networks, given.seed, console)
    console.print(f"{len(chosen)} faults, {sum(not row.get('right') for row in found)} shown by a case")
    shown(console, found)
    if given.run:
        console.print(str(add_to(given.run, found)))


if __name__ == "__main__":
    main()
