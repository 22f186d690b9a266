"""Networks at which a framework ends the process, by an abort of its compiler or a fault in a kernel.

No `except` can catch that. When a worker of a run has vanished, the network that it was at is checked again, in a
process of its own. Where that process ends too, the network is checked without one framework after the other. The
framework without which the process lives is the cause: it is not asked about this network again, and it stands in the
records as unavailable, with the last words that it wrote.
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

from backcheck.errors import Ended
from backcheck.verdicts.parties import FRAMEWORKS
from backcheck_reports.storage import schema
from backcheck_reports.storage.files import reading
from backcheck_reports.storage.manifest import write_listed

CRASHES_FILE = "ended.json"
MOST_CHARACTERS = 300  # of a framework's last words
LOG_STAMP = re.compile(r"^[DIWEF]\d{4} [\d:.]+ +\d+ ")  # glog's: the time and the process

# checks one network with these oracles; a process of its own must be able to import it
Check = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Crash:
    """`party` ends the process that asks it about this network; `words` are the last that it wrote."""

    network: int
    party: str
    words: str

    @property
    def reason(self) -> str:
        return f"{self.party} ends the process here: {self.words}"


def known(folder: Path | str) -> dict[int, Crash]:
    """The crashes that a run has met so far, by network."""
    path = Path(folder) / CRASHES_FILE
    if not path.exists():
        return {}
    with reading(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    mend = "delete the file: what ends a process is found again by --resume"
    found: list[Crash] = schema.read(text, list[Crash], str(path), mend)
    return {crash.network: crash for crash in found}


def keep(folder: Path, crashes: Mapping[int, Crash]) -> None:
    rows = [asdict(crashes[network]) for network in sorted(crashes)]
    write_listed(folder, CRASHES_FILE, json.dumps(rows, indent=2) + "\n")


def find_cause(network: int, check: Check, oracles: Sequence[str]) -> Crash | None:
    """Which framework ends the process at this network; None where the process lives.

    Raises Ended when the process ends without any of them.
    """
    words = last_words(check, oracles)
    if words is None:
        return None
    for party in (name for name in FRAMEWORKS if name in oracles):
        if last_words(check, [name for name in oracles if name != party]) is None:
            return Crash(network, party, words)
    raise Ended(
        f"network {network} ends the process whoever is asked, so it is the code under test or something that all "
        f"frameworks do: {words}. What is finished is kept; mend it and go on with --resume"
    )


def last_words(check: Check, oracles: Sequence[str]) -> str | None:
    """What a process writes before this check ends it; None where the process lives."""
    with tempfile.TemporaryDirectory() as folder:
        stderr = Path(folder) / "stderr"
        process = multiprocessing.get_context("spawn").Process(target=_check, args=(check, tuple(oracles), str(stderr)))
        process.start()
        process.join()
        if not process.exitcode:
            return None
        written = stderr.read_text(encoding="utf-8", errors="replace") if stderr.exists() else ""
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    telling = next((line for line in lines if "Check failed" in line or "Fatal" in line), lines[-1] if lines else "")
    how = how_it_ended(process.exitcode)
    return f"{how}, {LOG_STAMP.sub('', telling)[:MOST_CHARACTERS]}" if telling else how


def how_it_ended(code: int) -> str:
    """The exit code of a process in words.

    >>> how_it_ended(7), how_it_ended(-99)
    ('exit code 7', 'signal 99')
    """
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # of another system, or a real-time signal, which has no name
        return f"signal {-code}"


def _check(check: Check, oracles: tuple[str, ...], stderr: str) -> None:
    """The process's main function."""
    with open(stderr, "wb") as file:
        os.dup2(file.fileno(), 2)  # a library in C writes to the descriptor, and not through sys.stderr
    with suppress(Exception):  # what can be caught is a verdict, or a bug that the run reports by itself
        check(oracles)
