"""Where the one constant comes from: how far right gradients are from the truth, in radii of the derived ball.

    python -m benchmarks.slack [--networks 2000] [--seed 1] [--oracles torch,jax]

For each party and dtype: the distribution over gradient tensors of the worst entry's error, in radii of its ball.
SLACK must lie above every maximum, and little above it would do.
"""

from collections import defaultdict

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from backcheck.campaign.recipe import Recipe, cases_of_shard
from backcheck.verdicts.cases import check_case
from backcheck_reference.numbers.balls import SLACK
from backcheck_reports import Verdict
from benchmarks.shared import command_line
from scratch_bp.rules import RULES

JUDGED = (Verdict.AGREE, Verdict.ILL_CONDITIONED, Verdict.DISAGREE)


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--networks", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracles", default="torch,jax")
    parser.add_argument("--dtype", default="float64,float32")
    options = command_line.options(parser, networks=20, oracles="torch")
    oracles = (*options.oracles.split(","), "exact")
    recipe = Recipe(options.networks, options.seed, dtypes=tuple(options.dtype.split(",")), oracles=oracles)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for shard in track(recipe.shards, "shards"):
        for case in cases_of_shard(recipe, shard, RULES):
            checked = check_case(case, RULES, recipe.oracles)
            if checked.truth.careful:
                continue  # kinks and branches are judged by hulls, not by the slack
            for (_, party), measure in checked.measures.items():
                if party != "exact" and measure.verdict in JUDGED and np.isfinite(measure.fraction):
                    found[party, case.dtype].append(measure.fraction * SLACK)
    table = Table(
        "party", "dtype", "tensors", "median", "99 %", "99.99 %", "largest", title=f"errors in radii; {SLACK=}"
    )
    for (party, dtype), radii in sorted(found.items()):
        marks = (f"{value:.3g}" for value in (*np.quantile(radii, [0.5, 0.99, 0.9999]), max(radii)))
        table.add_row(party, dtype, str(len(radii)), *marks)
    Console().print(table)


if __name__ == "__main__":
    main()
