"""The files of a shard. They are written line by line, and are found again whether the shard is whole or not.

records-NNNN.jsonl             the records of a whole shard
.records-NNNN.jsonl.XXXX.part  the records so far of a shard that is not whole: its worker is at work or was killed
records-NNNN.parquet           a whole shard in the other format; records.parquet is a copy of a whole run

In a folder with a manifest the files count that it lists, and only as long as they are as they were written. So a shard
that was cut, deleted, copied under another number or left by another run is not taken for one of this run.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backcheck_reports.destination import require_file
from backcheck_reports.record import Record
from backcheck_reports.storage.codec import dumps, encode
from backcheck_reports.storage.files import StoreError, sync, temporary, writing
from backcheck_reports.storage.manifest import (
    LineFingerprint,
    Manifest,
    ShardLoss,
    fingerprint,
    list_files,
    read_manifest,
    run_of,
)

# the files of an earlier run that a new run in the same folder removes, as patterns
SHARD_FILES = ("records-*.jsonl", "cases-*.jsonl", ".records-*.part", ".cases-*.part", "records*.parquet")
_WHOLE = re.compile(r"(records|cases)-(\d{4,})\.(jsonl|parquet)")
_PART = re.compile(r"\.(records|cases)-(\d{4,})\.jsonl\.\w+\.part")


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file to read, and whether its shard is `whole`. One that is not may become whole at any moment."""

    shard: int
    path: Path
    whole: bool

    @property
    def final(self) -> Path:
        """Where the file is once its shard is whole."""
        return self.path if self.whole else self.path.with_name(self.path.name[1:].rsplit(".", 2)[0])


def sources(folder: Path, kind: str = "records") -> list[ShardFile]:
    """One file for each shard: the whole one, a plain file before Parquet, or else the longest part."""
    return sources_and_loss(folder, kind)[0]


def sources_and_loss(folder: Path, kind: str = "records") -> tuple[list[ShardFile], ShardLoss]:
    """The same, and what is lost; in a folder without a manifest nobody knows what is."""
    there = list(_found(folder, kind, f"{kind}-*", _WHOLE, True))
    parts = list(_found(folder, kind, f".{kind}-*.part", _PART, False))
    manifest = read_manifest(folder)  # after the files: a file that has its name is listed
    if manifest is None:
        return _chosen(there, parts), ShardLoss()
    own = [part for part in parts if f".jsonl.{manifest.run}" in part.path.name]
    whole = [source for source in there if _as_listed(source.path, manifest)]
    chosen = _chosen(whole, own)
    return chosen, _loss(manifest, kind, there, whole, {source.shard for source in chosen})


def _as_listed(path: Path, manifest: Manifest) -> bool:
    listed = manifest.files.get(path.name)
    return listed is not None and fingerprint(path) == (listed.bytes, listed.digest)


def _loss(manifest: Manifest, kind: str, there: list[ShardFile], whole: list[ShardFile], read: set[int]) -> ShardLoss:
    names, sound = {source.path.name for source in there}, {source.path.name for source in whole}
    listed = [(file, int(found[2])) for file in manifest.files.values() if (found := _of_kind(file.name, kind))]
    return ShardLoss(
        gone=tuple(file for file, shard in listed if file.name not in names and shard not in read),
        changed=tuple(file for file, _ in listed if file.name in names - sound),
        foreign=tuple(sorted(names - manifest.files.keys())),
    )


def _of_kind(name: str, kind: str) -> re.Match[str] | None:
    found = _WHOLE.fullmatch(name)
    return found if found and found[1] == kind else None


def _chosen(whole: Iterable[ShardFile], parts: Iterable[ShardFile]) -> list[ShardFile]:
    # a shard has the same records whoever makes it: of two attempts, the longer one has all that the other has
    ranked = sorted(whole, key=lambda source: source.path.suffix) + sorted(parts, key=_size, reverse=True)
    chosen: dict[int, ShardFile] = {}
    for source in ranked:
        chosen.setdefault(source.shard, source)
    return [chosen[shard] for shard in sorted(chosen)]


def _found(folder: Path, kind: str, pattern: str, name: re.Pattern[str], whole: bool) -> Iterator[ShardFile]:
    for path in sorted(folder.glob(pattern)):
        if (found := name.fullmatch(path.name)) and found[1] == kind:
            yield ShardFile(int(found[2]), path, whole)


def _size(source: ShardFile) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return 0


def finished_shards(folder: Path | str) -> tuple[int, ...]:
    """The shards that are whole, in order; none where there is no folder yet. With a manifest, those whose records and
    cases are as they were written."""
    folder = Path(folder)
    found = [source.shard for source in sources(folder) if source.whole]
    if not run_of(folder):
        return tuple(found)
    cases = {source.shard for source in sources(folder, "cases") if source.whole}
    return tuple(shard for shard in found if shard in cases)


class ShardWriter:
    """Writes the records and cases of one shard as they come, under temporary names until the block ends well.

    Every line is handed to the system before the next is made, so a killed process loses only the line it was writing.
    What an interrupted worker leaves never looks like a whole shard, and is replaced when the shard runs again.
    """

    def __init__(self, folder: Path | str, shard: int) -> None:
        # the records are renamed last: a file with their final name means that the shard is finished
        self._paths = {kind: Path(folder) / f"{kind}-{shard:04d}.jsonl" for kind in ("cases", "records")}
        mark = run_of(folder)
        self._parts = {kind: temporary(path, mark) for kind, path in self._paths.items()}
        self._prints = {kind: LineFingerprint() for kind in self._paths}
        self._stack = ExitStack()
        self._written = 0

    def __enter__(self) -> Self:
        with writing(self._paths["cases"]), ExitStack() as stack:
            self._paths["cases"].parent.mkdir(parents=True, exist_ok=True)
            stack.callback(self._discard)
            # buffering=1 flushes at every line: that costs microseconds, while to make a record takes milliseconds
            self._files = {
                kind: stack.enter_context(open(part, "x", buffering=1, encoding="utf-8", newline="\n"))
                for kind, part in self._parts.items()
            }
            self._stack = stack.pop_all()
        return self

    def records(self, records: Iterable[Record]) -> None:
        for record in records:
            self._write("records", encode(record))

    def case(self, case: Mapping[str, Any]) -> None:
        """A case is any JSON object with an "id"."""
        if not isinstance(case.get("id"), str):
            raise StoreError(f"a case needs an 'id' that is a string, got {case.get('id')!r}; give its content hash")
        self._write("cases", dumps(case))

    def _write(self, kind: str, line: str) -> None:
        # around this line only, since an OSError of the code that makes the records is not ours
        with writing(self._paths[kind]):
            self._files[kind].write(line + "\n")
            self._prints[kind].add(line + "\n")
            self._written += 1

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with writing(self._paths["records"]), self._stack:
            if error_type is None:
                for file in self._files.values():
                    sync(file)
                    file.close()
                self._finish()
                self._written = 0

    def _finish(self) -> None:
        written = [self._prints[kind].of(path.name) for kind, path in self._paths.items()]
        list_files(self._paths["records"].parent, written)
        for kind, path in self._paths.items():
            require_file(path)
            try:
                self._parts[kind].replace(path)
            except FileNotFoundError:
                if not path.exists():  # else another worker finished the same shard first, and removed this attempt
                    raise
            for left in path.parent.glob(f".{path.name}.*.part"):
                left.unlink(missing_ok=True)

    def _discard(self) -> None:
        """Remove an attempt that wrote nothing, or whose shard another worker has finished: nothing is lost with it."""
        if not self._written or self._paths["records"].exists():
            for part in self._parts.values():
                part.unlink(missing_ok=True)
