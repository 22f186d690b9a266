"""Records back from the files of a run, finished or not, and what was met on the way."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from backcheck_reports.number_format import count, counted
from backcheck_reports.record import FORMAT, Record
from backcheck_reports.storage import parquet
from backcheck_reports.storage.codec import FIELDS, decode, read_object
from backcheck_reports.storage.files import StoreError, reading
from backcheck_reports.storage.shards import Source, sources

NAMED = 8  # unknown fields and cut files that are named
_KNOWN = frozenset(FIELDS)


@dataclass(slots=True)
class Met:
    """What a reader of the page should know about the records behind it.

    unfinished  records of shards that are not whole; `cut` are the files whose last line is not either
    lost        records that cannot be read, and `first` says where the first is and why
    newer       records by their format, where it is newer than this one, and the fields that are `ignored`
    copies      files of records that were not read, since the folder has the same ones shard by shard
    """

    unfinished: int = 0
    cut: list[str] = field(default_factory=list)
    lost: int = 0
    first: str = ""
    newer: Counter[int] = field(default_factory=Counter)
    ignored: set[str] = field(default_factory=set)
    copies: tuple[str, ...] = ()

    def take(self, record: Record, data: Mapping[str, Any], whole: bool) -> None:
        self.unfinished += not whole
        if record.format > FORMAT:
            self.newer[record.format] += 1
            self.ignored |= (data.keys() - _KNOWN) if len(self.ignored) < 1000 else set()

    def lose(self, error: StoreError, folder: Path) -> None:
        """Where the folder lies is nobody's business who only gets the page."""
        self.lost += 1
        self.first = self.first or str(error).replace(f"{folder}{os.sep}", "")

    def cautions(self) -> tuple[str, ...]:
        """In sentences; nothing when there is nothing to say."""
        return tuple(filter(None, (self._lost(), self._unfinished(), *self._newer(), self._copies())))

    def _lost(self) -> str:
        return f"{counted(self.lost, 'record')} could not be read. {_cut(self.first)}." if self.lost else ""

    def _unfinished(self) -> str:
        cut = f"the last line of {_some(self.cut)} was cut off" if self.cut else ""
        held = f"{counted(self.unfinished, 'record')} of unfinished shards" if self.unfinished else ""
        said = "; ".join(filter(None, (held, cut)))
        return f"{said[0].upper()}{said[1:]}." if said else ""

    def _newer(self) -> Iterator[str]:
        fields = f": fields {_some(sorted(self.ignored))} ignored" if self.ignored else ""
        for number, records in sorted(self.newer.items()):
            yield f"{counted(records, 'record')} of a newer format ({number}){fields}."

    def _copies(self) -> str:
        return f"{_some(self.copies)} was not read: the folder has the records shard by shard." if self.copies else ""


def _some(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {count(len(names) - NAMED)} more" if len(names) > NAMED else ""
    return ", ".join(_cut(name, 60) for name in names[:NAMED]) + more


def _cut(text: str, most: int = 600) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def read_records(folder: Path | str, met: Met | None = None) -> Iterator[Record]:
    """Every record of the folder, those of unfinished shards too, one at a time.

    Without `met` a record that cannot be read is an error; with it, it is counted there.
    """
    folder, seen = existing(folder), met or Met()
    for source in _sources(folder, seen):
        for where, item in _items(source, seen):
            try:
                data = read_object(item, where) if isinstance(item, str) else item
                record = decode(data, where)
            except StoreError as error:
                if met is None:
                    raise
                met.lose(error, folder)
            else:
                if not source.whole or record.format > FORMAT:
                    seen.take(record, data, source.whole)
                yield record


def _sources(folder: Path, met: Met) -> list[Source]:
    """The shards; a file with a copy of the whole run is read only where there are none."""
    found = sources(folder)
    copies = sorted(path for path in folder.glob("records*.parquet") if path not in {each.path for each in found})
    if found:
        met.copies = tuple(path.name for path in copies)
        return found
    return [Source(number, path, True) for number, path in enumerate(copies)]


def _items(source: Source, met: Met) -> Iterator[tuple[str, Any]]:
    """Lines of JSON, or objects of Parquet rows, each with its place for errors to quote."""
    return parquet.rows(source.path) if source.path.suffix == ".parquet" else _lines(source, met)


def _lines(source: Source, met: Met) -> Iterator[tuple[str, str]]:
    """A last line without its end is somebody's who is still writing, or was killed: it is left out, and said."""
    path = source.path
    with reading(path), _opened(source) as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n") and not _is_object(line):
                met.cut.append(path.name)
                if not source.whole:
                    return
            yield f"{path} line {number}", line.decode("utf-8", "replace")


def _opened(source: Source) -> BinaryIO:
    """The shard may have become whole since its file was found, or the run may have been started anew."""
    try:
        return open(source.path, "rb")
    except FileNotFoundError:
        if source.whole:
            raise
    return open(source.final, "rb") if source.final.exists() else BytesIO()


def _is_object(line: bytes) -> bool:
    try:
        return bool(read_object(line.decode("utf-8", "replace"), ""))
    except StoreError:
        return False


def read_objects(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file of cases."""
    for where, line in _lines(source, Met()):
        yield where, read_object(line, where)


def existing(folder: Path | str) -> Path:
    folder = Path(folder)
    if not os.path.isdir(folder):  # Path.is_dir raises where it may not look
        what = "is a file" if os.path.exists(folder) else "does not exist"
        raise StoreError(
            f"{folder} {what}, expected the folder of a run; make one with: backcheck verify --out {folder}"
        )
    return folder


def record_files(folder: Path | str) -> tuple[Path, ...]:
    """The files that a run is read from."""
    cases = sources(Path(folder), "cases")
    return (Path(folder) / "run.json", *(each.path for each in (*_sources(Path(folder), Met()), *cases)))
