"""The catalogue of faults, given to backcheck and to the checkers that people use: what each finds, and its time.

    python -m benchmarks.fault_checkers [--faults N] [--networks N] [--seed S] [--run DIR]

Each fault is planted in its rule and hunted with networks of that rule. The node that first shows it, with the values
that it had there, is then given to every checker, as its documentation says, with its own steps and tolerances: so
that all of them look at a case in which there is something to be seen. The right rule at the same values follows:
whoever calls that wrong raises a false alarm. The cases are drawn with ties, kinks, saturation and wide ranges.
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
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.parties import calm
from backcheck_reports import read_run, write_run
from backcheck_reports.exports.formats import export, held
from backcheck_reports.figures.planted import CheckerRow, planted
from benchmarks.shared import command_line
from benchmarks.shared.checkers import CHECKERS, asked
from scratch_bp.rules import RULES

ORACLES = ("torch", "differences", "exact", invariants.PARTY)


def shown_by(fault: PlantedFault, networks: int, seed: int) -> Problem | None:
    """The node that first shows the fault, with the fault in it; None where no network did."""
    recipe = Recipe(networks, seed, rules=(fault.rule,), dtypes=("float64",))
    with fault.planted() as table, np.errstate(all="ignore"):
        for each in drawn(recipe, 0):
            checked = check_case(each.case, table, ORACLES)
            finding = diagnose(checked)
            if finding is not None and finding.rule == fault.rule:
                alone = finding.alone or isolate(checked.problem, finding.node)
                if alone is not None and alone.wanted:
                    return alone
    return None


def with_the_right_rule(problem: Problem) -> Problem:
    """The same node, at the same values, with the right rule."""
    (node,) = problem.network.nodes
    return replace(problem, rules={**problem.rules, node.rule: as_one(RULES[node.rule])})


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
    for fault in track(faults, "faults", console=console):
        problem = shown_by(fault, networks, seed)
        if problem is None:
            continue
        with fault.planted():
            found.append({"fault": fault.name, "rule": fault.rule, "kind": fault.kind, "checkers": answers(problem)})
        right = with_the_right_rule(problem)
        found.append({"fault": fault.name, "rule": fault.rule, "right": True, "checkers": answers(right)})
    return found


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
