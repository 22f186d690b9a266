"""Read the records of a run, finished or not, and count what a reader of the page should know about them."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from backcheck_reports.number_format import count, counted
from backcheck_reports.record import FORMAT, Record
from backcheck_reports.storage import parquet, schema
from backcheck_reports.storage.codec import decode, unknown_fields
from backcheck_reports.storage.files import StoreError, reading
from backcheck_reports.storage.manifest import MANIFEST, ShardLoss, read_manifest
from backcheck_reports.storage.shards import ShardFile, sources, sources_and_loss

MOST_NAMES = 8  # of unknown fields, or of files, in one sentence
MOST_IGNORED = 1000  # unknown fields that are kept: a damaged file may have any number
NOT_KNOWN = "Nobody knows whether all records are there: run again into another folder."
MADE_BEFORE = (
    "An older version made this run, without a manifest of what it wrote: nobody knows whether all records are there."
)
NO_LOSS = ShardLoss()


@dataclass(slots=True)
class ReadIssues:
    """What was met while records were read, and a reader of the page should know.

    unfinished  records of shards that are not whole; `cut` are the files whose last line is cut off
    lost        lines that cannot be read as records; `first` says where the first is and why
    newer       records of newer formats, by format; `ignored` are their fields that are not known here
    copies      files of records that were not read, since the folder has the same records shard by shard
    loss        what became of the files that the manifest lists
    manifest    what to think of a run whose manifest is not its own, says too little, or is not there
    """

    unfinished: int = 0
    cut: list[str] = field(default_factory=list)
    lost: int = 0
    first: str = ""
    newer: Counter[int] = field(default_factory=Counter)
    ignored: set[str] = field(default_factory=set)
    copies: tuple[str, ...] = ()
    loss: ShardLoss = NO_LOSS
    manifest: str = ""

    @property
    def incomplete(self) -> bool:
        """Is there less than the run wrote, or may there be?"""
        return bool(self.loss) or self.manifest not in ("", MADE_BEFORE)

    def count_record(self, record: Record, item: str | Mapping[str, Any], whole: bool) -> None:
        if not whole:
            self.unfinished += 1
        if record.format > FORMAT:
            self.newer[record.format] += 1
            if len(self.ignored) < MOST_IGNORED:
                self.ignored |= unknown_fields(item)

    def count_lost(self, error: StoreError, folder: Path) -> None:
        """The folder's path is taken out of the message: the page may go to people who should not see it."""
        self.lost += 1
        self.first = self.first or str(error).replace(f"{folder}{os.sep}", "")

    def cautions(self) -> tuple[str, ...]:
        """One sentence for each kind of issue; none when all is well."""
        own = self.manifest, self._lost(), *self.loss.sentences(), self._unfinished(), *self._newer(), self._copies()
        return tuple(filter(None, own))

    def _lost(self) -> str:
        return f"{counted(self.lost, 'record')} could not be read. {_cut(self.first)}." if self.lost else ""

    def _unfinished(self) -> str:
        cut = f"the last line of {_names(self.cut)} was cut off" if self.cut else ""
        records = f"{counted(self.unfinished, 'record')} of unfinished shards" if self.unfinished else ""
        sentence = "; ".join(filter(None, (records, cut)))
        return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""

    def _newer(self) -> Iterator[str]:
        fields = f": fields {_names(sorted(self.ignored))} ignored" if self.ignored else ""
        for number, records in sorted(self.newer.items()):
            yield f"{counted(records, 'record')} of a newer format ({number}){fields}."

    def _copies(self) -> str:
        return f"{_names(self.copies)} was not read: the folder has the records shard by shard." if self.copies else ""


def _names(names: Sequence[str]) -> str:
    more = f" and {count(len(names) - MOST_NAMES)} more" if len(names) > MOST_NAMES else ""
    return ", ".join(_cut(name, 60) for name in names[:MOST_NAMES]) + more


def _cut(text: str, most: int = 600) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def read_records(folder: Path | str, issues: ReadIssues | None = None) -> Iterator[Record]:
    """Every record of the folder, those of unfinished shards too, one at a time.

    Without `issues` a record that cannot be read is an error; with it, the record is counted there and left out.
    """
    folder, counts = existing(folder), issues or ReadIssues()
    files = _record_files(folder, counts)
    if issues is None and counts.loss:
        raise StoreError(f"{folder}: {' '.join(counts.loss.sentences())}")
    for source in files:
        is_parquet = source.path.suffix == ".parquet"
        items: Iterator[tuple[str, Any]] = parquet.rows(source.path) if is_parquet else _lines(source, counts)
        for where, item in items:
            try:
                record = decode(item, where)
            except StoreError as error:
                if issues is None:
                    raise
                issues.count_lost(error, folder)
            else:
                if not source.whole or record.format > FORMAT:  # few records: the call is saved for all others
                    counts.count_record(record, item, source.whole)
                yield record


def _record_files(folder: Path, issues: ReadIssues) -> list[ShardFile]:
    """The shards; a file with a copy of the whole run is read only where there are no shards."""
    found, loss = sources_and_loss(folder)
    issues.loss = loss + sources_and_loss(folder, "cases")[1]
    issues.manifest = _about_manifest(folder)
    copies = sorted(path for path in folder.glob("records*.parquet") if path not in {each.path for each in found})
    if found:
        issues.copies = tuple(path.name for path in copies)
        return found
    return [ShardFile(number, path, True) for number, path in enumerate(copies)]


class _SaidOfManifest(msgspec.Struct):
    """What run.json says of it; None where it is of an older version, and empty in a folder without a manifest."""

    manifest: str | None = None
    shards: int = 0


def _about_manifest(folder: Path) -> str:
    """What to think of the manifest, by what run.json says of it; nothing where all is well."""
    path = folder / "run.json"
    try:
        said: _SaidOfManifest = schema.read(path.read_bytes(), _SaidOfManifest, str(path))
    except (OSError, StoreError):  # there is no run yet, or whoever reads it says so
        return ""
    if said.manifest is None:
        return MADE_BEFORE
    manifest = read_manifest(folder)
    if said.manifest and (manifest is None or manifest.run != said.manifest):
        how = "is gone or damaged" if manifest is None else "is of another run"
        return f"{MANIFEST}, which lists what this run wrote, {how}. {NOT_KNOWN}"
    listed = 0 if manifest is None else sum(name.startswith("records-") for name in manifest.files)
    if said.manifest and listed < said.shards:
        return f"{MANIFEST} lists {listed} of the {counted(said.shards, 'shard')} that this run wrote. {NOT_KNOWN}"
    return ""


def _lines(source: ShardFile, issues: ReadIssues) -> Iterator[tuple[str, str]]:
    """The lines of a file. If the last one is cut off, its writer is still at work or was killed: it is counted in
    `issues`, and left out of a shard that is not whole.
    """
    path = source.path
    with reading(path), _opened(source) as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n") and not _is_object(line):
                issues.cut.append(path.name)
                if not source.whole:
                    return
            yield f"{path} line {number}", line.decode("utf-8", "replace")


def _opened(source: ShardFile) -> BinaryIO:
    """The open file. Since it was found, its shard may have become whole, or a new run may have removed it."""
    try:
        return open(source.path, "rb")
    except FileNotFoundError:
        if source.whole:
            raise
    return open(source.final, "rb") if source.final.exists() else BytesIO()


def _is_object(line: bytes) -> bool:
    try:
        return bool(schema.read(line, dict[str, msgspec.Raw], ""))
    except StoreError:
        return False


def case_lines(source: ShardFile) -> Iterator[tuple[str, str]]:
    """The lines of a file of cases, each with its place for errors to quote."""
    return _lines(source, ReadIssues())


def existing(folder: Path | str) -> Path:
    """The folder as a path, or an error that says how to make one."""
    folder = Path(folder)
    if not os.path.isdir(folder):  # Path.is_dir raises where the user may not look
        what = "is a file" if os.path.exists(folder) else "does not exist"
        raise StoreError(
            f"{folder} {what}, expected the folder of a run; make one with: backcheck verify --out {folder}"
        )
    return folder


def record_files(folder: Path | str) -> tuple[Path, ...]:
    """The files that a run is read from."""
    folder = Path(folder)
    found = [*_record_files(folder, ReadIssues()), *sources(folder, "cases")]
    return (folder / "run.json", *(source.path for source in found))
