"""Where a file is to be written: what stands there already, and whether it may be replaced.

A regular file is replaced, and a link leads to the file that it names. A device, a FIFO and standard output are written
through. What backcheck did not write is kept: each format carries a mark by which its files are known again.
"""

import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO, TextIO

from backcheck_reports.record import Record

GENERATOR = "backcheck"
COMMENT = f"<!-- generator: {GENERATOR} -->"  # of Markdown and XML
STANDARD_OUTPUT = "-"
ELSEWHERE = "give another place"
HEAD = 4096  # bytes in which the mark stands
_XML = '<?xml version="1.0" encoding="utf-8"?>'
_DOCTYPE, _META = b"<!doctype html>", f'<meta name="generator" content="{GENERATOR}">'.encode()
_PARQUET, _ZIP = b"PAR1", b"PK"
ZIP_COMMENT = f"generator: {GENERATOR}".encode()  # at the end of an archive of arrays
# what can be made again from a run, by the beginning of the file. CSV has no comments: it is the names of its columns
_EXPORTS = tuple(
    mark.encode()
    for mark in (
        f"{COMMENT}\n",
        f"{_XML}\n{COMMENT}\n",
        f'{{\n  "generator": "{GENERATOR}"',
        ",".join(item.name for item in fields(Record)[:8]) + ",",
    )
)
# what a run or a repository is made of, and only a file of the same kind may replace
_ORIGINALS = (
    *(f'{{\n  "generator": "{GENERATOR} {kind}"'.encode() for kind in ("run", "note", "comparison", "lines")),
    f'{{"generator": "{GENERATOR} case"'.encode(),
    b'[\n  {\n    "network": ',  # the networks at which a framework ended the process
    f"# {GENERATOR} baseline".encode(),
)


class Refusal(Exception):
    """Why nothing is written at a path, and what to do, as the rest of a sentence."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The place behind the path, links followed; `before` is what stands there. `stream` is the open standard output or
    error that it is, and `through` says that it is written through and never replaced."""

    path: Path
    before: os.stat_result | None = None
    stream: TextIO | None = None

    @property
    def through(self) -> bool:
        return self.stream is not None or (self.before is not None and not stat.S_ISREG(self.before.st_mode))


def destination(path: Path | str, force: bool | None = None, like: bytes = b"") -> Destination:
    """Raises Refusal where nothing may be written, and OSError where nobody can say what stands there.

    `force` replaces what may not be replaced; None is for callers whose user has no such choice. `like` is what is to
    be written, of which the beginning will do.
    """
    if str(path) == STANDARD_OUTPUT:
        if sys.stdout is None:
            raise Refusal("standard output is closed; name a file")
        return Destination(Path(path), stream=sys.stdout)
    try:
        before = os.stat(path)
    except FileNotFoundError:
        if os.path.islink(path):  # who laid the link chose the place, and not the user
            raise Refusal(f"it is a link to nothing ({os.readlink(path)}); name the file itself") from None
        return Destination(Path(path))
    if (stream := _standard_stream(before)) is not None:
        return Destination(Path(path), before, stream)
    if stat.S_ISDIR(before.st_mode):
        raise Refusal(f"it is a folder, expected a file; {ELSEWHERE}")
    if stat.S_ISBLK(before.st_mode) or stat.S_ISSOCK(before.st_mode):
        raise Refusal(f"it is a disk or a socket, expected a file; {ELSEWHERE}")
    if not stat.S_ISREG(before.st_mode):
        return Destination(Path(path), before)
    real = Path(os.path.realpath(path))
    # the superuser may write into any file, so its permissions are looked at too
    if not before.st_mode & 0o222 or not os.access(real, os.W_OK):
        raise Refusal(f"it is read-only, and is kept; {ELSEWHERE}")
    if not (force or is_replaceable(real, like)):
        replaces = "" if force is None else ", or force it (--force, --backcheck-force, force=True)"
        raise Refusal(f"{_whose(real)}; {ELSEWHERE}{replaces}")
    return Destination(real, before)


def require_file(path: Path) -> None:
    """Raises Refusal where a name that backcheck chose by itself is taken by a link, a device or a folder."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise Refusal(f"it is no regular file; {ELSEWHERE}")


def _standard_stream(found: os.stat_result) -> TextIO | None:
    """The standard stream that is open on this very file: to replace the file would lose what is printed later."""
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        with suppress(OSError):
            if os.path.samestat(found, os.fstat(descriptor)):
                return stream
    return None


def is_replaceable(path: Path, like: bytes = b"") -> bool:
    """Is the regular file an export of ours, or an original of the same kind as what is to be written? There is nothing
    to lose in an empty file."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
        if head.startswith(_PARQUET):
            return _parquet_is_ours(file)
        if head.startswith(_ZIP):
            return like.endswith(ZIP_COMMENT) and _tail(file, len(ZIP_COMMENT)) == ZIP_COMMENT
    is_page = head.lstrip().startswith(_DOCTYPE) and _META in head
    same = any(head.startswith(mark) and like.startswith(mark) for mark in _ORIGINALS)
    return not head or is_page or head.startswith(_EXPORTS) or same


def _whose(path: Path) -> str:
    with open(path, "rb") as file:
        ours = file.read(HEAD).startswith(_ORIGINALS)
    return f"{'backcheck keeps something else there' if ours else 'it was not written by backcheck'}, and it is kept"


def _tail(file: BinaryIO, length: int) -> bytes:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - length))
    return file.read()


def _parquet_is_ours(file: BinaryIO) -> bool:
    """Parquet keeps its notes in a footer, whose length stands before the last four bytes."""
    length = int.from_bytes(_tail(file, 8)[:4], "little")
    return b"generator" in (footer := _tail(file, length + 8)) and GENERATOR.encode() in footer
