"""Files that are written whole or not at all, and the one error of everything that is stored."""

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
    """Create the folder if needed and prove that a file can be written there, before hours of work depend on it."""
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
    """A file under a temporary name that takes its real one when the block ends well, and vanishes when it does not."""
    # a lone surrogate from somebody's string must not cost the whole page
    with replacing_file(path) as part, open(part, "x", encoding="utf-8", errors="replace", newline="\n") as file:
        yield file
        settle(file)


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """The same for who opens the file by its name."""
    part = part_of(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def part_of(path: Path) -> Path:
    """A name no other writer picks, so that two workers on one shard cannot mix their lines."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def settle(file: TextIO) -> None:
    """On the disk before the rename: after a power cut the name must not stand for an empty file."""
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Every way a path can refuse to be written, as one error that says which it was."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {_obstacle(path, error)}; give another place with --out or -o"
        ) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot read {path}: {error.strerror or error}, expected a file that this user may read; check the path"
        ) from error


def _obstacle(path: Path, error: OSError) -> str:
    for place in path.parents:
        if os.path.exists(place):  # Path.exists raises where it may not look
            if not os.path.isdir(place):
                return f"{place} is a file, expected a folder"
            break
    if isinstance(error, FileExistsError | NotADirectoryError) and os.path.isfile(path):
        return "it is a file, expected a folder"
    if isinstance(error, IsADirectoryError):
        return "it is a folder, expected a file"
    return f"{error.strerror or error}, expected a place that this user may write to"
