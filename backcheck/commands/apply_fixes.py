"""Fixes written into the files of the user: all of them or none, and only what git can show and undo."""

import difflib
import io
import itertools
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from backcheck.errors import BadInput
from backcheck.regression.sides.source import changes_of_file
from backcheck.subjects.repair.fix import FileChange, Fix
from backcheck_reports.storage.files import write_whole

APPLIED = "applied to {}"
NOT_CLEAN = "nothing is applied, since git could not put {} back as it was: {}; commit it or put it back first"
OTHER_TEXT = "it is not the text that was checked"
OVERLAP = "nothing is applied: two fixes of {} are of the same lines, {}; apply one with --rules, and run again"


class Hunk(NamedTuple):
    """Lines `first` to `last` of a file, from 0 on and without the last, and what takes their place."""

    first: int
    last: int
    new: tuple[str, ...]


def applied(fixes: Iterable[Fix]) -> list[str]:
    """Write the edits, and say which files have them.

    Raises BadInput, and writes nothing, where a file has changes that are not committed, or other text, or where two
    edits are of the same lines.
    """
    by_file: dict[Path, list[FileChange]] = {}
    for change in (change for each in fixes for change in each.changes):
        by_file.setdefault(Path(change.file).resolve(), []).append(change)
    written = {file: _edited(file, changes) for file, changes in by_file.items()}
    for file, content in written.items():
        write_whole(file, content, force=True)
    return [APPLIED.format(file) for file in written]


def _edited(file: Path, changes: Sequence[FileChange]) -> bytes:
    """The file with all of its edits: its encoding, its ends of lines and its last line stay as they are."""
    if not file.is_file():
        raise BadInput(NOT_CLEAN.format(file.name, OTHER_TEXT))
    raw = file.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    lines = list(io.StringIO(raw.decode(encoding), newline=""))
    texts = [line.rstrip("\r\n") for line in lines]
    if any(_lines(each.before) != texts for each in changes):
        raise BadInput(NOT_CLEAN.format(file.name, OTHER_TEXT))
    if why := changes_of_file(file):
        raise BadInput(NOT_CLEAN.format(file.name, why))
    hunks = sorted({hunk for each in changes for hunk in _hunks(each)})
    for one, other in itertools.pairwise(hunks):
        if other.first < one.last or (other.first, other.last) == (one.first, one.last):
            raise BadInput(OVERLAP.format(file.name, f"line {other.first + 1}"))
    for hunk in reversed(hunks):
        beside = lines[max(0, min(hunk.last, len(lines)) - 1)]
        end = beside[len(beside.rstrip("\r\n")) :] or "\n"
        lines[hunk.first : hunk.last] = [f"{text}{end}" for text in hunk.new]
    content = "".join(lines)
    return (content if raw.endswith((b"\n", b"\r")) else content.rstrip("\r\n")).encode(encoding)


def _lines(text: str) -> list[str]:
    return [line.rstrip("\n") for line in io.StringIO(text)]


def _hunks(change: FileChange) -> Iterator[Hunk]:
    before, after = _lines(change.before), _lines(change.after)
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Hunk(i, j, tuple(after[k:m]))
