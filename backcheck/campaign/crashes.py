"""Code that ends the process it runs in, by an abort of a compiler or a fault of a kernel: nobody can catch that.

A run in which a worker vanishes looks at the networks that its workers stood at, each in a process of its own. The one
that ends that too is asked again without one framework after the other: the framework without which it lives is spared
this network from then on, and stands in the records as unavailable, with its last words.
"""

import json
import multiprocessing
import os
import re
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backcheck.errors import Ended
from backcheck.verdicts.parties import FRAMEWORKS
from backcheck_reports.storage.files import write_whole

FILE = "ended.json"
LONGEST = 300  # characters of somebody's last words
STAMP = re.compile(r"^[DIWEF]\d{4} [\d:.]+ +\d+ ")  # of glog: when, and in which process

# checks one network with these oracles; a process of its own must be able to import it
Check = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Ending:
    """`party` ends the process that asks it of this network; `words` are what was heard last."""

    network: int
    party: str
    words: str

    @property
    def reason(self) -> str:
        return f"{self.party} ends the process here: {self.words}"


def known(folder: Path | str) -> dict[int, Ending]:
    """Who is to be spared which network of the run in a folder."""
    path = Path(folder) / FILE
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {row["network"]: Ending(**row) for row in found}


def keep(folder: Path, endings: Mapping[int, Ending]) -> None:
    write_whole(folder / FILE, json.dumps([asdict(endings[network]) for network in sorted(endings)], indent=2) + "\n")


def who(network: int, check: Check, oracles: Sequence[str]) -> Ending | None:
    """Which framework ends the process at this network; None where nothing does.

    Raises Ended when it ends without any of them.
    """
    words = last_words(check, oracles)
    if words is None:
        return None
    for party in (name for name in FRAMEWORKS if name in oracles):
        if last_words(check, [name for name in oracles if name != party]) is None:
            return Ending(network, party, words)
    raise Ended(
        f"network {network} ends the process whoever is asked, so it is the code under test or something that all "
        f"frameworks do: {words}. What is finished is kept; mend it and go on with --resume"
    )


def last_words(check: Check, oracles: Sequence[str]) -> str | None:
    """What a process that checks this says when it is ended; None where it lives."""
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder) / "heard"
        process = multiprocessing.get_context("spawn").Process(target=_alone, args=(check, tuple(oracles), str(heard)))
        process.start()
        process.join()
        if not process.exitcode:
            return None
        said = heard.read_text(encoding="utf-8", errors="replace") if heard.exists() else ""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = next((line for line in lines if "Check failed" in line or "Fatal" in line), lines[-1] if lines else "")
    how = signal.Signals(-process.exitcode).name if process.exitcode < 0 else f"exit code {process.exitcode}"
    return f"{how}, {STAMP.sub('', telling)[:LONGEST]}" if telling else how


def _alone(check: Check, oracles: tuple[str, ...], heard: str) -> Any:
    with open(heard, "wb") as file:
        os.dup2(file.fileno(), 2)  # what a library writes on its way down does not go through sys.stderr
    with suppress(Exception):  # what can be caught is a verdict, or a bug that a run tells of by itself
        check(oracles)
