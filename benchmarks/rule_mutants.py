"""Automatic mutants of the rules, their helpers included: how many networks of its rule each survives.

    python -m benchmarks.rule_mutants [--mutants 1000] [--networks 1000] [--seed 0] [--rules a,b] [--workers 2]

Prints what is left over: each mutant that no network shows and that is not seen to be the rule in other words.
"""

from collections import Counter

from backcheck.campaign.power import mutant_hunt
from backcheck.campaign.power.mutants import mutants
from backcheck.campaign.recipe import Recipe
from backcheck.commands.power_of_mutants import ORACLES, lines, survives
from backcheck.processes.pool import Pool
from benchmarks.shared import command_line


def main() -> None:
    named = command_line.parser(__doc__)
    for name, usual in (("mutants", 1000), ("networks", 1000), ("seed", 0), ("workers", 2)):
        named.add_argument(f"--{name}", type=int, default=usual)
    named.add_argument("--rules", default="")
    given = command_line.options(named, mutants=3, networks=3, workers=1, rules="square,tanh")
    chosen = mutants(given.mutants, given.seed, tuple(filter(None, given.rules.split(","))))
    with Pool(given.workers) as pool:
        found = mutant_hunt.hunted(chosen, Recipe(given.networks, given.seed, oracles=ORACLES), pool)
    print(*lines(found), sep="\n")
    by_operator = Counter(each.line.split(", ")[1].partition(":")[0] for each in found if survives(each))
    print("survivors by operator:", dict(by_operator))


if __name__ == "__main__":
    main()
