"""Files that are written whole or not at all, and the one error for all that is stored."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


class StoreError(ValueError):
    """Something stored cannot be read or written. The message says what came, what was expected and what to do."""


def check_writable(folder: Path | str) -> None:
    """Create the folder if needed, and prove that a file can be written there before hours of work depend on it."""
    folder = Path(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"proof")
            file.flush()


def write_whole(path: Path | str, text: str) -> None:
    """Replace the file in one step: a reader sees the old text or the new one, never half of it."""
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(text)


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A file under a temporary name. It gets its real name when the block ends well, and is deleted when not."""
    # a lone surrogate in a user's string must not lose the whole page: it is replaced
    with replacing_file(path) as part, open(part, "x", encoding="utf-8", errors="replace", newline="\n") as file:
        yield file
        sync(file)


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """The same for a writer that opens the file by its name."""
    part = temporary(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def temporary(path: Path) -> Path:
    """A name that no other writer picks, so that two workers on one shard cannot mix their lines."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def sync(file: TextIO) -> None:
    """Write the file to the disk. Without it, a power cut after the rename could leave the name with an empty file."""
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """An OSError of the block as a StoreError that says why the path cannot be written."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write {path}: {_cause(path, error)}; give another place with --out or -o") from error


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
