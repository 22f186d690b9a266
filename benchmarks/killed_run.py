"""A run whose workers, and whose parent, are killed again and again, beside one that is left alone.

    python -m benchmarks.killed_run [--networks 400] [--oracles torch,jax,differences,exact] [--every 10] [--parents 3]

Every so many seconds one of the two workers is killed (SIGKILL); in place of some of them the parent is, and the run is
resumed. In the end each record of the undisturbed run is there once, to the byte, and no other; workers of a killed
parent have ended within seconds.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.console import Console

from benchmarks.shared import command_line

ORPHAN_SECONDS = 30  # that a worker may outlive its parent: it takes one, and longer where the machine is busy
KILLS_A_PARENT = 4  # every so many kills the parent is the one


def start(folder: Path, recipe: Sequence[str], *more: str) -> psutil.Popen:
    command = [sys.executable, "-m", "backcheck", "verify", *recipe, "--workers", "2", "--out", str(folder), *more]
    return psutil.Popen(command, stdout=subprocess.DEVNULL)


def workers_of(run: psutil.Popen, work: float = 0.0) -> list[psutil.Process]:
    """The workers that have worked for so many seconds of a processor."""
    found = []
    for child in run.children():
        try:
            if "spawn_main" in " ".join(child.cmdline()) and child.cpu_times().user >= work:
                found.append(child)
        except psutil.Error:  # it has just ended
            continue
    return found


def outlive(run: psutil.Popen, every: float) -> bool:
    """Wait so long; did the run outlive that?"""
    try:
        run.wait(every)
    except psutil.TimeoutExpired:
        return True
    return False


def disturbed(
    folder: Path, recipe: Sequence[str], every: float, parents: int, most: int, work: float, seed: int
) -> tuple[int, int, int]:
    """How many workers and how many parents were killed, and the exit code in the end."""
    rng, kills, killed_parents = random.Random(seed), 0, 0
    run = start(folder, recipe)
    while outlive(run, every):
        workers = workers_of(run, work)
        if not workers or kills >= most:
            continue
        if killed_parents < parents and (kills + 1) % KILLS_A_PARENT == 0:
            run.kill()
            run.wait()
            killed_parents, kills = killed_parents + 1, kills + 1
            _, alive = psutil.wait_procs(workers, timeout=ORPHAN_SECONDS)
            if alive:
                raise SystemExit(f"{len(alive)} workers outlive their parent by {ORPHAN_SECONDS} s")
            run = start(folder, recipe, "--resume")
        else:
            rng.choice(workers).kill()
            kills += 1
    return kills - killed_parents, killed_parents, run.returncode


def lines_of(folder: Path, kind: str) -> Counter[str]:
    """The lines of all whole shards."""
    paths = sorted(folder.glob(f"{kind}-*.jsonl"))
    return Counter(line for path in paths for line in path.read_text(encoding="utf-8").splitlines())


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--networks", type=int, default=400)
    parser.add_argument("--oracles", default="torch,jax,differences,exact")
    parser.add_argument("--rules", default="")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two kills")
    parser.add_argument("--parents", type=int, default=3, help="how often the parent is killed")
    parser.add_argument("--most", type=int, default=1000, help="kills, after which the run is left alone")
    parser.add_argument("--work", type=float, default=0.0, help="seconds of a processor before a worker is killed")
    parser.add_argument("--seed", type=int, default=0)
    short = {
        "networks": 100,
        "oracles": "exact",
        "rules": "tanh,dense",
        "every": 1.0,
        "parents": 1,
        "most": 5,
        "work": 1.3,
    }
    options = command_line.options(parser, **short)
    recipe = ["--networks", str(options.networks), "--oracles", options.oracles]
    recipe += ["--rules", options.rules] if options.rules else []
    console = Console()
    with tempfile.TemporaryDirectory() as temporary:
        alone, killed = Path(temporary) / "alone", Path(temporary) / "killed"
        began = time.monotonic()
        code = start(alone, recipe).wait()
        console.print(f"undisturbed: exit code {code}, {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        workers, parents, again = disturbed(
            killed, recipe, options.every, options.parents, options.most, options.work, options.seed
        )
        took = time.monotonic() - began
        console.print(f"{workers} workers and {parents} parents killed: exit code {again}, {took:.0f} s")
        wrong = code != again
        for kind in ("records", "cases"):
            want, found = lines_of(alone, kind), lines_of(killed, kind)
            missing, more = (want - found).total(), (found - want).total()
            console.print(f"{kind}: {found.total()} of {want.total()} {missing} missing, {more} foreign or double")
            wrong |= missing > 0 or more > 0
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
