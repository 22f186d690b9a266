"""What `check_vjp` costs on many entries without a reference: seconds, memory, and where arrays of balls are quicker.

    python -m benchmarks.full_size_cost [--size 1000000] [--growth 2000 4000 8000 16000 32000] [--runs 5]

The first table has each function and dtype at `--size` entries, each in a process of its own: seconds and the
processor's seconds of one check, the most memory that the process held beyond what it held before, and how many entries
were proved exactly. A small check before it loads everything. The second has the check by balls beside the ordinary one
on exact numbers, which is made to judge by putting its bound up: processor's seconds, the least of runs turn by turn.
`backcheck.subjects.full_size.check.MANY` is where all of these are quicker by balls. Figures are for this machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from backcheck import check_vjp
from backcheck.subjects.full_size import check as full_size
from benchmarks.shared import command_line

ROOT = Path(__file__).parents[1]
Pair = tuple[Callable[..., Any], Callable[..., Any]]
ROW = 1000
DTYPES = ("float64", "float32")


def tanh(x: np.ndarray) -> tuple[Any, Any]:
    y = np.tanh(x)
    return y, y


def d_tanh(y: Any, dy: Any) -> tuple[Any, ...]:
    return (dy * (1 - y * y),)


def layer_norm(x: np.ndarray) -> tuple[Any, Any]:
    centred = x - x.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    return centred * inverse, (centred * inverse, inverse)


def d_layer_norm(saved: Any, dy: Any) -> tuple[Any, ...]:
    xhat, inverse = saved
    return (inverse * (dy - dy.mean(-1, keepdims=True) - xhat * (dy * xhat).mean(-1, keepdims=True)),)


def softmax(x: np.ndarray) -> tuple[Any, Any]:
    e = np.exp(x - x.max(-1, keepdims=True))
    y = e / e.sum(-1, keepdims=True)
    return y, y


def d_softmax(y: Any, dy: Any) -> tuple[Any, ...]:
    return (y * (dy - (dy * y).sum(-1, keepdims=True)),)


PAIRS: dict[str, Pair] = {
    "tanh": (tanh, d_tanh),
    "layer norm": (layer_norm, d_layer_norm),
    "softmax": (softmax, d_softmax),
}


def drawn(entries: int, dtype: str) -> np.ndarray:
    row = min(ROW, max(entries // 8, 1))
    return np.random.default_rng(0).standard_normal((entries // row, row)).astype(dtype)


def peak() -> int:
    """The most that this process has held, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def say_alone(name: str, dtype: str, entries: int) -> None:
    """What a process of its own does."""
    pair = PAIRS[name]
    check_vjp(*pair, drawn(2 * full_size.MANY, dtype))
    x, before = drawn(entries, dtype), peak()
    wall, processor = time.perf_counter(), time.process_time()
    found = check_vjp(*pair, x)
    spent = time.perf_counter() - wall, time.process_time() - processor
    proved = next((note for note in found.notes if "exactly" in note), "none")
    print(json.dumps([*spent, peak() - before, str(found.verdict), proved.partition(" proved")[0]]))


def alone(name: str, dtype: str, entries: int) -> list[Any]:
    call = [sys.executable, "-m", "benchmarks.full_size_cost", "--alone", name, dtype, "--size", str(entries)]
    done = subprocess.run(call, capture_output=True, text=True, check=True, cwd=ROOT)
    answer: list[Any] = json.loads(done.stdout)
    return answer


def at_full_size(entries: int) -> Table:
    table = Table(
        "function", "dtype", "seconds", "processor's", "MB", "verdict", "proved exactly", title=f"{entries:,} entries"
    )
    for name in track(PAIRS, "functions", transient=True):
        for dtype in DTYPES:
            wall, processor, held, verdict, proved = alone(name, dtype, entries)
            table.add_row(name, dtype, f"{wall:.2f}", f"{processor:.2f}", f"{held / 1e6:.0f}", verdict, proved)
    return table


def seconds(pair: Pair, x: np.ndarray, many: int) -> float:
    bound, full_size.MANY = full_size.MANY, many
    try:
        start = time.process_time()
        check_vjp(*pair, x)
        return time.process_time() - start
    finally:
        full_size.MANY = bound


def both_ways(sizes: Sequence[int], runs: int) -> Table:
    table = Table("function", "dtype", "entries", "exact, ms", "balls, ms", "times as long", title="where many begins")
    for name, pair in PAIRS.items():
        for dtype in DTYPES:
            for size in sizes:
                x, spent = drawn(size, dtype), {"exact": [0.0], "balls": [0.0]}
                for _ in range(runs + 1):  # the first is to warm up
                    spent["exact"].append(seconds(pair, x, sys.maxsize))
                    spent["balls"].append(seconds(pair, x, 0))
                exact, balls = (min(each[2:]) * 1e3 for each in spent.values())
                table.add_row(name, dtype, f"{size:,}", f"{exact:.1f}", f"{balls:.1f}", f"{exact / balls:.2f}")
    return table


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--growth", type=int, nargs="+", default=[2_000, 4_000, 8_000, 16_000, 32_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--alone", nargs=2, default=None, help="for the process of its own")
    options = command_line.options(parser, size=10_000, growth=[400], runs=1)
    if options.alone:
        say_alone(*options.alone, options.size)
        return
    console = Console()
    console.print(at_full_size(options.size))
    console.print(both_ways(options.growth, options.runs))


if __name__ == "__main__":
    main()
