"""The history of a baseline: for every save, how gradients agreed and how long rules took. One JSON object a line."""

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from backcheck.problem import SUBJECT
from backcheck.regression.baseline.file import BaselineLine
from backcheck_reports import StoreError, capture
from backcheck_reports.storage import schema
from backcheck_reports.storage.files import reading, write_whole
from backcheck_reports.storage.schema import Head

FORMAT = 1
UNION = "merge=union"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """`digits` by rule and dtype, the worst of the rule's tensors; `times` by rule and phase, in units of `unit_us`,
    which is how long a fixed piece of arithmetic took at that moment."""

    commit: str
    dirty: bool
    date: str
    digits: Mapping[str, float]
    times: Mapping[str, float] = field(default_factory=dict)
    unit_us: float = 0.0
    format: int = FORMAT


def entry(lines: Iterable[BaselineLine], times: Mapping[str, float], unit_us: float) -> HistoryEntry:
    """The entry of a save that is made now."""
    place, digits = capture(), dict[str, float]()
    for line in lines:
        if line.oracle == SUBJECT and line.digits is not None:
            name = f"{line.rule} {line.dtype}"
            digits[name] = min(digits.get(name, line.digits), line.digits)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    dirty = place.get("git dirty") == "yes"
    return HistoryEntry(place.get("git commit", ""), dirty, now, dict(sorted(digits.items())), times, round(unit_us, 3))


def append(path: Path, added: HistoryEntry) -> None:
    """Write one more line. A second save of the same clean commit replaces the first: it measures the same code."""
    before = [each for each in read(path) if not (each.commit and each.commit == added.commit and not added.dirty)]
    text = "".join(json.dumps(asdict(each), sort_keys=True) + "\n" for each in [*before, added])
    write_whole(path, text, force=True)  # it is ours: `read` has understood every line


def read(path: Path) -> list[HistoryEntry]:
    """The entries by their dates; none when there is no file yet. Two branches may each have added some: git puts both
    one after the other, where `merge_by_union` says so."""
    if not path.exists():
        return []
    with reading(path):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [_entry(line, f"{path} line {number}") for number, line in enumerate(lines, start=1) if line.strip()]
    return sorted(found, key=lambda each: each.date)


def merge_by_union(path: Path) -> str:
    """See to it that git merges the history without conflict; what to do by hand, where a file of the user's is in the
    way."""
    attributes, wanted = path.parent / ".gitattributes", f"{path.name} {UNION}"
    if not attributes.exists():
        write_whole(attributes, wanted + "\n", force=True)
        return ""
    with reading(attributes):
        there = attributes.read_text(encoding="utf-8", errors="replace")
    return "" if wanted in there else f"add the line {wanted!r} to {attributes}: then git merges the history by itself"


def _entry(line: str, where: str) -> HistoryEntry:
    mend = "restore the line, or delete it"
    head: Head = schema.read(line, Head, where, mend)
    if head.format != FORMAT:
        raise StoreError(f"{where}: format {head.format} came, {FORMAT} is read here; is backcheck older?")
    found: HistoryEntry = schema.read(line, HistoryEntry, where, mend)
    return found
