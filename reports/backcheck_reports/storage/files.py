"""Files that are written whole or not at all."""

import errno
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from backcheck_reports.destination import ELSEWHERE, Destination, Refusal, destination
from backcheck_reports.store_error import StoreError as StoreError


def check_writable(folder: Path | str) -> None:
    """Create the folder if needed, and prove that a file can be written there before hours of work depend on it."""
    folder = Path(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"proof")
            file.flush()


def check_replaceable(path: Path | str, *, force: bool | None = None, like: bytes = b"") -> None:
    """Raises StoreError where `write_whole` would, before hours of work depend on it."""
    with writing(Path(path)):
        destination(path, force, like)


def is_standard_output(path: Path | str) -> bool:
    """Does what is written to the path come out where the program prints?"""
    with writing(Path(path)):
        return destination(path, True).stream is sys.stdout


def write_whole(path: Path | str, content: str | bytes, *, force: bool | None = None) -> None:
    """Write a file: whole, or not at all. A reader sees the old content or the new one, never half of it.

    Links lead to the file that they name, a device or a FIFO is written through, and the path "-" is standard output.
    A file that backcheck did not write is kept unless `force` is true, and so is one of ours that cannot be made again
    and is of another kind, as a run or a baseline. Raises StoreError where nothing is written.
    """
    with replacing_file(path, force=force, like=as_bytes(content)) as part:
        write_part(part, content)


def as_bytes(content: str | bytes) -> bytes:
    """A lone surrogate in a user's string must not lose the whole page: it is replaced."""
    return content.encode("utf-8", "replace") if isinstance(content, str) else content


def write_part(part: Path, content: str | bytes) -> None:
    """Fill the file of `replacing_file` at once."""
    part.write_bytes(as_bytes(content))


def open_part(part: Path) -> TextIO:
    """The same for text that is written bit by bit."""
    return open(part, "x", encoding="utf-8", errors="replace", newline="\n")


@contextmanager
def replacing_file(path: Path | str, *, force: bool | None = None, like: bytes = b"", mark: str = "") -> Iterator[Path]:
    """The same for a writer that opens the file by its name, which is a temporary one that may be known by a `mark`. It
    is an export, unless `like` says otherwise."""
    path = Path(path)
    with writing(path):
        there = destination(path, force, like)
        if there.through:
            with tempfile.TemporaryDirectory(prefix="backcheck-") as folder:
                yield (part := Path(folder) / "part")
                _write_through(part, there)
            return
        there.path.parent.mkdir(parents=True, exist_ok=True)
        part = temporary(there.path, mark)
        try:
            yield part
            _put(part, path, force, like)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _put(part: Path, path: Path, force: bool | None, like: bytes) -> None:
    """Give a finished file its name in one step. Permissions and owner are those of the file that it replaces."""
    with open(part, "rb+") as file:
        # without it, a power cut after the rename could leave the name with an empty file
        os.fsync(file.fileno())
    there = destination(path, force, like)  # once more: since the writing began, something else may stand there
    if there.through:
        raise Refusal(f"it became something else than a file; {ELSEWHERE}")
    if (before := there.before) is not None:
        made = os.stat(part)
        if hasattr(os, "chown") and (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
            _give(part, before)
        os.chmod(part, stat.S_IMODE(before.st_mode))
    os.replace(part, there.path)


def _give(part: Path, before: os.stat_result) -> None:
    try:
        os.chown(part, before.st_uid, before.st_gid)
    except PermissionError as error:
        raise Refusal("it belongs to another user, who would lose it; remove it first") from error


def _write_through(part: Path, there: Destination) -> None:
    with open(part, "rb") as source:
        if there.stream is not None:
            there.stream.flush()
            shutil.copyfileobj(source, there.stream.buffer)  # its bytes, whatever encoding the terminal has
            there.stream.flush()
            return
        try:
            # without O_NONBLOCK a FIFO that nobody reads would be waited for without a word
            descriptor = os.open(there.path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise Refusal("nobody reads from it; start its reader first") from error
            raise
        with open(descriptor, "wb") as sink:
            if hasattr(os, "O_NONBLOCK"):
                os.set_blocking(descriptor, True)
            shutil.copyfileobj(source, sink)


def temporary(path: Path, mark: str = "") -> Path:
    """A name that no other writer picks, so that two workers on one shard cannot mix their lines. It may be known by a
    `mark` of letters and digits."""
    # a name has 255 bytes at most
    return path.with_name(f".{path.name[:50]}.{mark}{secrets.token_hex(4)}.part")


def sync(file: TextIO) -> None:
    """Write the file to the disk. Without it, a power cut after the rename could leave the name with an empty file."""
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A Refusal or an OSError of the block as a StoreError that says why the path cannot be written."""
    try:
        yield
    except BrokenPipeError:  # whoever read standard output has gone: the path is well
        raise
    except Refusal as error:
        raise StoreError(f"cannot write {path}: {error}") from error
    except OSError as error:
        raise StoreError(f"cannot write {path}: {_cause(path, error)}; {ELSEWHERE}") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """An OSError of the block as a StoreError that says why the path cannot be read."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot read {path}: {error.strerror or error}, expected a file that this user may read; check the path"
        ) from error


def _cause(path: Path, error: OSError) -> str:
    for place in path.parents:
        if os.path.exists(place):  # Path.exists raises where the user may not look
            if not os.path.isdir(place):
                return f"{place} is a file, expected a folder"
            break
    if isinstance(error, FileExistsError | NotADirectoryError) and os.path.isfile(path):
        return "it is a file, expected a folder"
    if isinstance(error, IsADirectoryError):
        return "it is a folder, expected a file"
    return f"{error.strerror or error}, expected a place that this user may write to"
