"""How soon a run meets each rule, and what its first networks cost to draw.

    python -m benchmarks.rules_met [--networks 200] [--seeds 0,1,2] [--rules bce,ctc]

By seed: the network at which half of all rules, 95 % and the last have been met, the nodes of a network and the time to
draw one. With `--rules`: the first three networks that have each of these.
"""

import time
from collections import defaultdict

from rich.console import Console
from rich.table import Table

from backcheck.campaign.recipe import Recipe, cases_of_shard
from benchmarks.shared import command_line
from scratch_bp.rules import RULES


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--rules", default="")
    options = command_line.options(parser, networks=10, seeds="0")
    table = Table("seed", "rules met", "half by", "95 % by", "all by", "nodes", "ms to draw")
    for seed in map(int, options.seeds.split(",")):
        met: dict[str, list[int]] = defaultdict(list)
        nodes, start = 0, time.process_time()
        recipe = Recipe(options.networks, seed)
        cases = (case for shard in recipe.shards for case in cases_of_shard(recipe, shard, RULES))
        for number, case in enumerate(cases, start=1):
            nodes += len(case.network.nodes)
            for rule in {node.rule for node in case.network.nodes}:
                met[rule].append(number)
        spent = 1000 * (time.process_time() - start) / options.networks
        first = sorted(met[rule][0] if met[rule] else options.networks + 1 for rule in RULES)
        marks = [first[len(first) // 2], first[int(0.95 * len(first))], first[-1]]
        told = [str(mark) if mark <= options.networks else "later" for mark in marks]
        table.add_row(
            str(seed), f"{sum(map(bool, met.values()))} of {len(RULES)}", *told,
            f"{nodes / options.networks:.1f}", f"{spent:.1f}",
        )  # fmt: skip
        for rule in filter(None, options.rules.split(",")):
            Console().print(f"seed {seed}: {rule} is in the networks {met[rule][:3]}")
    Console().print(table)


if __name__ == "__main__":
    main()
