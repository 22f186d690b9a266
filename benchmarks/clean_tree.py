"""How still is `backcheck compare` on a tree in which nothing changed: what it takes, and what it says of the times.

    python -m benchmarks.clean_tree [--repetitions 5] [--rules relu,dense]

Each repetition draws other networks, of all rules unless some are named. Whatever is not "same" or "cannot tell", and
whatever is not identical to the bit, would be a false alarm, and is printed.
"""

import os
import time
from collections import Counter

from backcheck.regression.difference import comparison
from backcheck.regression.difference.tensors import Kind
from backcheck.regression.sides import source
from backcheck.regression.sides.draws import ComparisonPlan
from benchmarks.shared import command_line


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--rules", default="", help="only these, separated by commas")
    options = command_line.options(parser, repetitions=1, rules="relu")
    rules = tuple(filter(None, options.rules.split(",")))
    said, seconds, alarms = Counter[str](), list[float](), list[str]()
    for number in range(options.repetitions):
        began = time.monotonic()
        with source.opened("HEAD") as old, source.opened(".") as new:
            found = comparison.run(comparison.Task(old, new, ComparisonPlan(seed=number, rules=rules)))
        seconds.append(time.monotonic() - began)
        said.update(each.verdict for each in found.speeds)
        alarms += [finding.sentence for finding in found.findings]
        alarms += [f"{row.rule}.{row.tensor} {row.kind}" for row in found.rows if row.kind is not Kind.SAME]
        load = os.getloadavg()[0]
        print(f"{number + 1}: {seconds[-1]:.1f} s at load {load:.1f}, {found.counts['tensors']} tensors", flush=True)
    print(f"times: {dict(said)}; {len(alarms)} false alarms {alarms}; {min(seconds):.0f} to {max(seconds):.0f} s")


if __name__ == "__main__":
    main()
