"""Wrong rules that people have written: which are caught, named and explained; and that right ones are not flagged.

    python -m benchmarks.wrong_rules [--networks 20000] [--seed 1] [--workers 2] [--wrong 20]

First every wrong rule of `tests/diagnosis/wrong_rules/catalogue.py` planted in place of the right one, beside what
`torch.autograd.gradcheck` says of the same pair with its default tolerances. Then networks drawn from the right rules
alone, judged by PyTorch, differences and exact arithmetic: none may disagree.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from backcheck import check
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.workers import run
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.diagnosis.sentence import say
from backcheck.keys import gradient
from backcheck.processes.pool import Pool
from backcheck.verdicts.parties import calm
from backcheck_reference.frameworks.torch_oracle import apply
from backcheck_reports import Verdict, read_records
from benchmarks.shared import command_line
from benchmarks.shared.numpy_pair import NumpyPair
from scratch_bp.network import run as run_network
from scratch_bp.rules import RULES, Rule
from tests.diagnosis.wrong_rules.catalogue import HALF_AT_ZERO, WRONG_RULES, Arrays, WrongRule

RIGHT = (
    *("layer_norm", "batch_norm", "rms_norm", "var", "mse", "gelu", "cross_entropy", "relu", "max", "dense"),
    *("l2_penalty", "sigmoid", "softmax", "dropout", "add"),
)


def gradcheck(row: WrongRule, rule: Rule | None) -> str:
    """What gradcheck says of the row's network with this pair in it. PyTorch's own reverse pass adds fan-outs up."""
    if row.reverse:
        return "-"
    network = row.case(row.arrays)
    tensors = {name: torch.tensor(array) for name, array in row.arrays.items()}
    pair = rule or RULES[row.rule]

    def either(name: str, *arrays: torch.Tensor, **config: Any) -> torch.Tensor:
        if name != row.rule:
            return apply(name, *arrays, **config)
        return NumpyPair.apply(pair.forward, pair.backward, config, *arrays)

    def function(*free: torch.Tensor) -> torch.Tensor:
        given = {**tensors, **dict(zip(network.differentiable, free, strict=True))}
        return run_network(network, given, either)

    free = [tensors[name].clone().requires_grad_() for name in network.differentiable]
    return "PASS" if torch.autograd.gradcheck(function, free, raise_exception=False) else "FAIL"


def judged(row: WrongRule, arrays: Arrays, rule: Rule | None) -> tuple[Finding | None, str, str]:
    """The finding, what is said of it, and the subject's verdicts."""
    table = row.table(rule)
    checked = check(row.case(arrays), arrays, rules=table, oracles=row.oracles)
    finding = diagnose(checked)
    verdicts = sorted({str(m.verdict) for (_, party), m in checked.measures.items() if party == "numpy"})
    said = say(finding, checked.problem).splitlines() if finding else []
    return finding, said[0] if said else "", " ".join(verdicts)


def told(row: WrongRule) -> tuple[str, ...]:
    """One line of the table."""
    with row.planted():
        finding, said, verdicts = judged(row, row.arrays, row.wrong)
        if not said and row.small is not None:
            said = f"(smaller case) {judged(row, row.small, row.wrong)[1]}"
    control, _, _ = judged(row, row.arrays, row.right)
    caught = "yes" if finding else f"no: {verdicts}"
    named = f"{finding.rule}.{finding.argument}" if finding else "-"
    flagged = "FLAGGED" if control else "passes"
    return row.name, caught, named, flagged, gradcheck(row, row.wrong), gradcheck(row, row.right), said


def conventions(row: WrongRule) -> str:
    """The slopes that the parties take at the kinks of an elementwise rule."""
    with row.planted() as table:
        checked = check(row.case(row.arrays), row.arrays, rules=table)
    at = row.arrays["x"] == 0
    by_x, dy = gradient("x"), checked.problem.dy
    taken = {name: (answer.tensors[by_x] / dy)[at][0] for name, answer in checked.answers.items()}
    shared = [name for name in taken if name != "numpy" and taken[name] == taken["numpy"]]
    slopes = ", ".join(f"{name} {slope:g}" for name, slope in taken.items())
    whose = f"also that of {' and '.join(shared)}" if shared else "one that PyTorch and JAX do not share"
    return f"a kink, where the slopes taken are {slopes}: the convention is {whose}"


def wrong_rules(console: Console, most: int) -> None:
    heads = ("wrong rule", "caught", "named", "right rule", "gradcheck, wrong", "gradcheck, right", "explained")
    table = Table(*heads, title="wrong rules, float64")
    with np.errstate(all="ignore"):
        for row in WRONG_RULES[:most]:
            table.add_row(*told(row))
        table.add_row(*told(HALF_AT_ZERO)[:-1], conventions(HALF_AT_ZERO))
    console.print(table)


def right_rules(console: Console, recipe: Recipe, workers: int) -> int:
    """How many of the drawn networks are found to disagree."""
    with tempfile.TemporaryDirectory() as folder, Progress(console=console) as progress, Pool(workers) as pool:
        task = progress.add_task("right rules", total=recipe.networks)
        run(recipe, Path(folder), pool, lambda more, failed: progress.advance(task, more), resume=False)
        records = list(read_records(folder))
    networks = {record.network for record in records}
    disagree = {record.network for record in records if record.verdict is Verdict.DISAGREE}
    console.print(f"{len(networks)} networks of right rules: {len(disagree)} disagree {sorted(disagree)[:10] or ''}")
    return len(disagree)


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--networks", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--wrong", type=int, default=len(WRONG_RULES), help="only the first of the wrong rules")
    options = command_line.options(parser, networks=10, workers=1, wrong=3)
    calm()
    console = Console()
    wrong_rules(console, options.wrong)
    recipe = Recipe(options.networks, options.seed, rules=RIGHT, oracles=("torch", "differences", "exact"))
    sys.exit(1 if right_rules(console, recipe, options.workers) else 0)


if __name__ == "__main__":
    main()
