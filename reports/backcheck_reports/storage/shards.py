"""The files of one shard: written line by line, found again whether the shard is whole or not.

records-NNNN.jsonl             the records of a shard that is whole
.records-NNNN.jsonl.XXXX.part  what there is of one that is not: it is being made, or its worker was killed
records-NNNN.parquet           a whole shard in the other format; records.parquet is a copy of a whole run
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backcheck_reports.record import Record
from backcheck_reports.storage.codec import dumps, encode
from backcheck_reports.storage.files import StoreError, part_of, settle, writing

# what a new run in the same folder removes of the old one, as patterns
SHARD_FILES = ("records-*.jsonl", "cases-*.jsonl", ".records-*.part", ".cases-*.part", "records*.parquet")
_WHOLE = re.compile(r"(records|cases)-(\d{4,})\.(jsonl|parquet)")
_PART = re.compile(r"\.(records|cases)-(\d{4,})\.jsonl\.\w+\.part")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and whether it is a `whole` shard. One that is not may become so at any moment."""

    shard: int
    path: Path
    whole: bool

    @property
    def final(self) -> Path:
        """Where the file is once its shard is whole."""
        return self.path if self.whole else self.path.with_name(self.path.name[1:].rsplit(".", 2)[0])


def sources(folder: Path, kind: str = "records") -> list[Source]:
    """One file for each shard: the whole one, or else what there is of it. A Parquet file comes after a plain one."""
    whole = [Source(*found) for found in _shards(folder, f"{kind}-*", _WHOLE, kind, True)]
    parts = [Source(*found) for found in _shards(folder, f".{kind}-*.part", _PART, kind, False)]
    # a shard is the same whoever makes it: of two attempts, the one that got further has all that the other has
    ranked = sorted(whole, key=lambda source: source.path.suffix) + sorted(parts, key=_size, reverse=True)
    chosen: dict[int, Source] = {}
    for source in ranked:
        chosen.setdefault(source.shard, source)
    return [chosen[shard] for shard in sorted(chosen)]


def _shards(
    folder: Path, pattern: str, name: re.Pattern[str], kind: str, whole: bool
) -> Iterable[tuple[int, Path, bool]]:
    for path in folder.glob(pattern):
        if (found := name.fullmatch(path.name)) and found[1] == kind:
            yield int(found[2]), path, whole


def _size(source: Source) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return 0


def finished_shards(folder: Path | str) -> tuple[int, ...]:
    """The shards that are whole, in order; none when the folder is not there yet."""
    return tuple(source.shard for source in sources(Path(folder)) if source.whole)


class ShardWriter:
    """Writes one shard's records and cases as they come, under temporary names until the block ends well.

    Every line is on its way to the disk before the next is made: a killed process loses the line it was writing. What
    an interrupted worker leaves never looks whole, and a shard that runs again replaces it.
    """

    def __init__(self, folder: Path | str, shard: int) -> None:
        # the records come last: their name is what says that the shard is finished
        self._paths = [Path(folder) / f"{kind}-{shard:04d}.jsonl" for kind in ("cases", "records")]
        self._parts = [part_of(path) for path in self._paths]
        self._stack = ExitStack()
        self._written = 0

    def __enter__(self) -> Self:
        with writing(self._paths[0]), ExitStack() as stack:
            self._paths[0].parent.mkdir(parents=True, exist_ok=True)
            stack.callback(self._discard)
            # buffering=1: a flush at every line costs a few microseconds, a record costs milliseconds to make
            self._files = [
                stack.enter_context(open(part, "x", buffering=1, encoding="utf-8", newline="\n"))
                for part in self._parts
            ]
            self._stack = stack.pop_all()
        return self

    def records(self, records: Iterable[Record]) -> None:
        for record in records:
            self._write(1, encode(record))

    def case(self, case: Mapping[str, Any]) -> None:
        """A case is any JSON object with an "id"."""
        if not isinstance(case.get("id"), str):
            raise StoreError(f"a case needs an 'id' that is a string, got {case.get('id')!r}; give its content hash")
        self._write(0, dumps(case))

    def _write(self, place: int, line: str) -> None:
        with writing(self._paths[place]):  # around the writing only: an OSError of who makes the records is not ours
            self._files[place].write(line + "\n")
            self._written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with writing(self._paths[1]), self._stack:
            if kind is None:
                for file in self._files:
                    settle(file)
                    file.close()
                self._finish()
                self._written = 0

    def _finish(self) -> None:
        for part, path in zip(self._parts, self._paths, strict=True):
            try:
                part.replace(path)
            except FileNotFoundError:
                if not path.exists():  # else another worker was first with the same shard, and removed this attempt
                    raise
            for left in path.parent.glob(f".{path.name}.*.part"):
                left.unlink(missing_ok=True)

    def _discard(self) -> None:
        """Nothing is lost with an attempt that wrote nothing, or whose shard is whole all the same."""
        if not self._written or self._paths[1].exists():
            for part in self._parts:
                part.unlink(missing_ok=True)
