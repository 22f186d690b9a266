"""What it costs to count the lines of the code under test: `verify_rule` with and without, turn by turn.

    python -m benchmarks.coverage_cost [--turns 6] [--draws 200]

Once for a pair all of whose lines are reached at once, for one with loops in Python, and for one with a branch that is
never reached, for which draws seek. The ratio is that of the times of all turns.
"""

from rich.console import Console
from rich.table import Table

import backcheck
from benchmarks.shared import command_line
from benchmarks.shared.turns import turn
from scratch_bp.rules import RULES
from tests.subjects import branches


def loop_forward(x, w):
    y = x * 0
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            y[row, column] = x[row, column] * w[column]
    return y, (x, w)


def loop_backward(saved, dy):
    x, w = saved
    dx, dw = x * 0, w * 0
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            dx[row, column] = dy[row, column] * w[column]
            dw[column] = dw[column] + dy[row, column] * x[row, column]
    return dx, dw


PAIRS = {
    "all reached": (tuple(RULES["tanh"]), "n d"),
    "loops in Python": ((loop_forward, loop_backward), ("n d", "d")),
    "a branch that nothing reaches": ((branches.square_forward, branches.unreached_backward), "n d"),
}


def main() -> None:
    named = command_line.parser(__doc__)
    named.add_argument("--turns", type=int, default=6)
    named.add_argument("--draws", type=int, default=200)
    given = command_line.options(named, turns=1, draws=5)
    table = Table("the code", "seconds without", "seconds with", "ratio")
    for name, (pair, arrays) in PAIRS.items():
        with_lines = without = 0.0
        for number in range(given.turns):

            def counted(coverage: bool, pair=pair, arrays=arrays, seed=number) -> object:
                return backcheck.verify_rule(pair, arrays, draws=given.draws, seed=seed, coverage=coverage)

            ours, theirs = turn(lambda: counted(True), lambda: counted(False), number)
            with_lines, without = with_lines + ours, without + theirs
        table.add_row(name, f"{without:.2f}", f"{with_lines:.2f}", f"{with_lines / without:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
