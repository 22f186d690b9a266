"""The manifest of a folder: which run it belongs to, and the files that the run wrote, each with size and digest.

manifest.jsonl   a line for each start of the run, and one for each file as it gets its name; the last of a file counts

A folder is ours where it has a manifest, and what a manifest lists is all that is ever removed. A file of a shard that
is not listed, or is not as it was listed, is not read. Lines are added in one piece, before the file gets its name: a
process may be killed at any moment, and no whole file is ever without its line. A line that cannot be read is none.
"""

import errno
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from backcheck_reports.number_format import counted
from backcheck_reports.storage import schema
from backcheck_reports.storage.files import (
    StoreError,
    as_bytes,
    reading,
    replacing_file,
    write_part,
    write_whole,
    writing,
)

MANIFEST = "manifest.jsonl"
FORMAT = 1
_Kind = TypeVar("_Kind")
MOST_NAMES = 8  # of files in one sentence
_RUN = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
# no name leads out of the folder; `notes` is the only folder within it that is ours
_NAME = Annotated[str, msgspec.Meta(pattern=r"^(notes/)?[A-Za-z0-9][A-Za-z0-9_.-]*\Z")]
_DIGEST_BYTES = 16
_CHUNK = 1 << 20
_LONGEST = 4096  # bytes of a first line: a file of somebody else's may have any


class ListedFile(msgspec.Struct, frozen=True, rename={"name": "file"}):
    """A file as it was written. `lines` counts the records or cases of a shard's file, and is 0 for others."""

    name: _NAME
    bytes: int
    digest: Annotated[str, msgspec.Meta(min_length=1)]
    lines: int = 0


class _Start(msgspec.Struct, frozen=True):
    """A process has begun the run, or goes on with it."""

    run: _RUN
    process: int
    host: str
    format: schema.Format = FORMAT


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder's manifest says.

    `files` has the last line about each file, and `digests` all that a file had: a process that is killed may leave the
    older one. `writer` says who has started the run, or gone on with it, last.
    """

    run: str
    files: Mapping[str, ListedFile]
    digests: Mapping[str, Set[str]]
    writer: str

    def is_own(self, path: Path, name: str) -> bool:
        """Is this regular file as the run wrote it?"""
        return fingerprint(path)[1] in self.digests.get(name, ())


@dataclass(frozen=True, slots=True)
class ShardLoss:
    """What became of the shards' files that a manifest lists.

    gone      those that are not there, and of whose shard there is no part either
    changed   those that are not as they were written
    foreign   the names of files that look like a shard's and are not listed
    """

    gone: tuple[ListedFile, ...] = ()
    changed: tuple[ListedFile, ...] = ()
    foreign: tuple[str, ...] = ()

    def __add__(self, other: "ShardLoss") -> "ShardLoss":
        return ShardLoss(self.gone + other.gone, self.changed + other.changed, self.foreign + other.foreign)

    def __bool__(self) -> bool:
        """Is there less than the run wrote?"""
        return bool(self.gone or self.changed)

    @property
    def records(self) -> int:
        """How many records are lost."""
        return sum(file.lines for file in (*self.gone, *self.changed) if file.name.startswith("records"))

    def sentences(self) -> Iterator[str]:
        """What a reader of the run should know."""
        gone, changed = [f.name for f in self.gone], [f.name for f in self.changed]
        said = [f"{named(gone)} {_are(gone)} gone"] if gone else []
        said += [f"{named(changed)} {_are(changed)} not as the run wrote {_it(changed)}"] if changed else []
        if said:
            missing = f": {counted(self.records, 'record')} {_are(range(self.records))} missing" if self.records else ""
            yield f"{', and '.join(said)}{missing}. The same command with --resume makes what is missing again."
        if self.foreign:
            yield f"{named(self.foreign)} {_are(self.foreign)} of another run, and {_are(self.foreign)} not read."


def named(names: Sequence[str]) -> str:
    """The names of files, of many the first."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _are(things: Sized) -> str:
    return "is" if len(things) == 1 else "are"


def _it(things: Sized) -> str:
    return "it" if len(things) == 1 else "them"


def read_manifest(folder: Path | str) -> Manifest | None:
    """None where there is no manifest of ours."""
    if not (run := run_of(folder)):
        return None
    path = Path(folder) / MANIFEST
    with reading(path):
        lines = path.read_bytes().splitlines()
    starts = [start for line in lines if (start := _line(line, _Start)) is not None and start.run == run]
    listed = [file for line in lines if (file := _line(line, ListedFile)) is not None]
    digests: dict[str, set[str]] = {}
    for file in listed:
        digests.setdefault(file.name, set()).add(file.digest)
    writer = f"process {starts[-1].process} on {starts[-1].host}"
    return Manifest(run, {file.name: file for file in listed}, digests, writer)


def run_of(folder: Path | str) -> str:
    """The run that the folder's manifest belongs to, by its first line; empty where there is no manifest of ours."""
    path = Path(folder) / MANIFEST
    if not os.path.isfile(path):
        return ""
    with reading(path), open(path, "rb") as file:
        start = _line(file.readline(_LONGEST), _Start)
    return start.run if start is not None else ""


def _line(line: bytes, kind: type[_Kind]) -> _Kind | None:
    try:
        return schema.read(line, kind, "")  # type: ignore[no-any-return]
    except StoreError:
        return None


def fingerprint(path: Path) -> tuple[int, str]:
    """The size of a file and its digest; nothing that is there has the digest of what is no regular file."""
    if os.path.islink(path) or not os.path.isfile(path):
        return 0, ""
    digest, size = hashlib.blake2b(digest_size=_DIGEST_BYTES), 0
    with reading(path), open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


class LineFingerprint:
    """The size, the lines and the digest of a file that is written line by line."""

    def __init__(self) -> None:
        self._digest, self._bytes, self._lines = hashlib.blake2b(digest_size=_DIGEST_BYTES), 0, 0

    def add(self, line: str) -> None:
        data = line.encode()
        self._digest.update(data)
        self._bytes += len(data)
        self._lines += 1

    def of(self, name: str) -> ListedFile:
        return ListedFile(name, self._bytes, self._digest.hexdigest(), self._lines)


def begin(folder: Path) -> None:
    """Write a new manifest, of a new run, in the place of an earlier one."""
    write_whole(folder / MANIFEST, _lines([_start(secrets.token_hex(8))]))


def go_on(folder: Path, run: str) -> None:
    """Note that this process goes on with the run."""
    _append(folder, [_start(run)])


def _start(run: str) -> _Start:
    return _Start(run, os.getpid(), socket.gethostname())


def list_files(folder: Path, files: Iterable[ListedFile]) -> None:
    """List files before they get their names; nothing where the folder has no manifest of ours."""
    if run_of(folder):
        _append(folder, files)


@contextmanager
def listed_file(folder: Path | str, name: str, *, force: bool | None = None, like: bytes = b"") -> Iterator[Path]:
    """`replacing_file` for a file of the folder. It is listed when it is whole, and before it gets its name."""
    folder = Path(folder)
    # by the mark a new run knows what is left of a process that was killed
    with replacing_file(folder / name, force=force, like=like, mark=run_of(folder)) as part:
        yield part
        if not (folder / name).is_symlink():  # what is listed is removed: who laid a link keeps it
            list_files(folder, [ListedFile(name, *fingerprint(part))])


def write_listed(folder: Path | str, name: str, content: str | bytes, *, force: bool | None = None) -> None:
    """Replace a file of the folder in one step, and list it."""
    with listed_file(folder, name, force=force, like=as_bytes(content)) as part:
        write_part(part, content)


def _append(folder: Path, rows: Iterable[_Start | ListedFile]) -> None:
    path = folder / MANIFEST
    # the empty line ends one that was cut off; one write, so that the lines of two workers do not mix
    data = f"\n{_lines(rows)}".encode()
    with writing(path), open(path, "ab", buffering=0) as file:
        if file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())


def _lines(rows: Iterable[_Start | ListedFile]) -> str:
    return "".join(f"{json.dumps(msgspec.to_builtins(row))}\n" for row in rows)
