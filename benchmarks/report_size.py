"""How long a page takes and how much memory, by the number of records behind it.

    python benchmarks/report_size.py [--records 100000 1000000] [--seed 1] [--keep DIR]

Makes a folder of records as a run leaves it: networks of a few rules, five parties, the verdicts as often as in a real
run, a rule that disagrees now and then. Then a process of its own reads, sums up and writes the page; its peak is of
the whole process, Python and NumPy included. With --keep the folders stay, each under its number of records.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backcheck_reports import (
    Record,
    Run,
    ShardWriter,
    Verdict,
    capture,
    read_notes,
    read_run,
    summary_of,
    write_page,
    write_run,
)
from scratch_bp.rules import RULES

SHARD = 50  # networks
PARTIES = ("numpy", "torch", "jax", "differences", "exact")
DTYPES = ("float64", "float32")
PROFILES = ("zeros", "small integers", "dyadic", "normal", "wide", "saturating", "subnormal")
OFTEN = {
    Verdict.AGREE: 610, Verdict.VACUOUS: 278, Verdict.ILL_CONDITIONED: 78, Verdict.OUT_OF_RANGE: 20,
    Verdict.KINK: 7, Verdict.UNAVAILABLE: 7,
}  # fmt: skip
WHY = {
    Verdict.VACUOUS: "the truth is zero in every entry here",
    Verdict.ILL_CONDITIONED: "rounding can move this gradient by more than 0.001 of its size",
    Verdict.OUT_OF_RANGE: "a value overflows at this dtype",
    Verdict.KINK: "between the one-sided slopes",
    Verdict.UNAVAILABLE: "float64 only",
}
WRONG, RARELY = "layer_norm", 0.05


def make(folder: Path, records: int, seed: int) -> None:
    """A complete run of so many records, shard by shard."""
    draw = random.Random(seed)
    stream = networks(draw, records)
    shard = 0
    while some := [network for _, network in zip(range(SHARD), stream, strict=False)]:
        with ShardWriter(folder, shard) as out:
            for network in some:
                out.records(network)
        shard += 1
    recipe = {"networks": shard * SHARD, "seed": seed, "dtypes": DTYPES, "oracles": PARTIES[1:]}
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    write_run(folder, Run(recipe, capture(), now, now, complete=True))


def networks(draw: random.Random, records: int) -> Iterator[list[Record]]:
    """Lists of the records of one network each, until there are enough."""
    names, made, number = tuple(RULES), 0, 0
    while made < records:
        found = list(network(draw, names, number))[: records - made]
        made, number = made + len(found), number + 1
        yield found


def network(draw: random.Random, names: tuple[str, ...], number: int) -> Iterator[Record]:
    case, profile = f"{draw.getrandbits(48):012x}", draw.choice(PROFILES)
    rules = draw.choices(names, k=draw.randint(1, 4))
    tensors = [("output", rules[-1], "value"), ("x", rules[0], "x")]
    tensors += [(f"p{place}", rule, "w") for place, rule in enumerate(rules[1:])]
    for tensor, rule, argument in tensors:
        shape = tuple(draw.randint(1, 8) for _ in range(draw.randint(0, 3)))
        fault = rule == WRONG and draw.random() < RARELY
        for party in PARTIES:
            dtype = DTYPES[number // SHARD % len(DTYPES)]
            yield answer(draw, (case, number, tensor, rule, argument, party, dtype, profile, shape), fault)


def answer(draw: random.Random, names: tuple, fault: bool) -> Record:
    """One party's: the errors spread over many octaves, a tenth of the answers right to the bit."""
    shape, party = names[8], names[5]
    (verdict,) = draw.choices(tuple(OFTEN), tuple(OFTEN.values()))
    verdict = Verdict.DISAGREE if fault and party in ("numpy", "exact") else verdict
    want = draw.gauss(0, 1)
    fraction = 0.0 if draw.random() < 0.1 else 10 ** draw.uniform(-8, -1)
    fraction = fraction * 1e6 if verdict is Verdict.DISAGREE else fraction
    error = fraction * 1e-15
    entries = 1
    for size in shape:
        entries *= size
    resolution = float("inf") if verdict is Verdict.VACUOUS else 10 ** draw.uniform(-14, -6)
    numbers = (error, error / (abs(want) or 1), error * 4e15, fraction, 1e-15, resolution)
    index = tuple(draw.randrange(size) for size in shape)
    return Record(*names, entries, verdict, *numbers, index, want + error, want, WHY.get(verdict, ""))


def measure(folder: Path) -> dict[str, float]:
    """Of this process: seconds for both steps, and MB before and at the most."""
    before = peak()
    started = time.perf_counter()
    summary = summary_of(folder)
    summed = time.perf_counter()
    write_page(folder / "agreement.html", read_run(folder), summary, read_notes(folder))
    written = time.perf_counter()
    size = (folder / "agreement.html").stat().st_size / 1e6
    return {"sum": summed - started, "page": written - summed, "before": before, "peak": peak(), "size": size}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def measured(folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def show(table: Table, folder: Path, records: int, seed: int) -> None:
    started = time.perf_counter()
    if not (folder / "run.json").exists():
        make(folder, records, seed)
    making = time.perf_counter() - started
    found = measured(folder)
    seconds = [f"{each:.1f}" for each in (making, found["sum"], found["page"], found["sum"] + found["page"])]
    table.add_row(f"{records:,}", *seconds, f"{found['before']:.0f}", f"{found['peak']:.0f}", f"{found['size']:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    table = Table("records", "made, s", "summed, s", "page, s", "both, s", "MB before", "MB most", "page, MB")
    table.columns[0].no_wrap = True
    with tempfile.TemporaryDirectory() as folder:
        for records in options.records:
            show(table, (options.keep or Path(folder)) / str(records), records, options.seed)
    Console().print(table)


if __name__ == "__main__":
    main()
