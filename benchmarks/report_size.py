"""How long a page takes and how much memory, by the number of records behind it.

    python -m benchmarks.report_size [--records 100000 1000000] [--seed 1] [--keep DIR]

Makes a folder of records as a run leaves it. Then a process of its own reads, sums up and writes the page; its peak is
that of the whole process, Python and NumPy included. With --keep the folders stay, each under its number of records.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backcheck_reports import Run, ShardWriter, capture, read_notes, read_run, summary_of, write_page, write_run
from benchmarks.shared import command_line
from benchmarks.shared.made_records import DTYPES, PARTIES, networks

SHARD = 50  # networks


def make(folder: Path, records: int, seed: int) -> None:
    """A complete run of so many records, shard by shard."""
    stream = networks(records, seed)
    shard = 0
    while some := list(itertools.islice(stream, SHARD)):
        with ShardWriter(folder, shard) as out:
            for network in some:
                out.records(network)
        shard += 1
    recipe = {"networks": shard * SHARD, "seed": seed, "dtypes": DTYPES, "oracles": PARTIES[1:]}
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    write_run(folder, Run(recipe, capture(), now, now, complete=True))


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
    command = [sys.executable, "-m", "benchmarks.report_size", "--measure", str(folder)]
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
    parser = command_line.parser(__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = command_line.options(parser, records=[1_000])
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
