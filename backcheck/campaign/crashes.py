"""Networks that end the process they are checked in, or take more time or memory than a case may.

No `except` can catch an abort of a compiler or a fault in a kernel. A network at which a worker has died is checked
again, in a process of its own. Where that dies too, the network is checked without one framework after the other. The
framework without which the process lives is the cause: it is not asked about this network again, and it stands in the
records as unavailable, with the last words that it wrote. Where there is none the whole network is unavailable.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from backcheck.problem import SUBJECT
from backcheck.verdicts.cases import NOT_ENDED
from backcheck_reports.storage import schema
from backcheck_reports.storage.files import reading
from backcheck_reports.storage.manifest import write_listed

CRASHES_FILE = "ended.json"


@dataclass(frozen=True, slots=True)
class Crash:
    """`party` ends the process that asks it about this network; `words` are the last that it wrote.

    Where `party` is the subject, nobody can be asked about this network.
    """

    network: int
    party: str
    words: str

    @property
    def of_everything(self) -> bool:
        return self.party == SUBJECT

    @property
    def reason(self) -> str:
        if self.of_everything:
            return f"{NOT_ENDED}: {self.words}"
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
