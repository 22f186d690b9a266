"""A run as a folder of plain files: nothing to install, nothing to start, readable with any tool.

run.json              the recipe, the environment and the times
records-NNNN.jsonl    one record per line, shard by shard
cases-NNNN.jsonl      what it takes to replay a case, by its id
notes/ID.json         the cases that the page tells in words
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reports.codec import check_format, decode, dumps, encode, read_lines, read_object, require
from reports.files import StoreError, part_of, settle, write_whole, writing
from reports.notes import CaseNote, note_from_json
from reports.record import FORMAT, Record
from reports.timed import timed

_SHARD = re.compile(r"records-(\d{4,})\.jsonl")
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RUN_TYPES: dict[str, Any] = {
    "recipe": dict,
    "environment": dict,
    "started": str,
    "finished": str | None,
    "training": dict | None,
    "notes": list,
    "conventions": list,
    "gallery": list,
    "changes": dict | None,
    "history": list,
    "coverage": list,
    "steps": dict | None,
    "power": list,
    "speed": list,
    "complete": bool,
    "format": int,
}


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked, where it ran and when. `complete` is False until the last shard is in.

    training      the textbook run whose gradients were checked: layers, epochs, eta, loss, accuracy, checked
    notes         limits that a reader of the page should know
    conventions   the slope each party takes at a kink: rule, point, input, low, high, a text by party, shared, inside
    gallery       where the frameworks part: rule, dtype, what, input, truth, answers, outlier, reason, reproducer
    changes       what a modification changed: a comparison of two revisions, or a run against its baseline
    history       earlier saves of the baseline: commit, dirty, date, digits and times by name
    coverage      what was drawn of each rule: rule, nodes, dtypes, options, never, before, after
    steps         the error of central differences by their step, on one network: network, truncation, rounding, rows
    power         faults that were injected: fault, rule, caught, missed
    speed         times beside PyTorch's: rule, phase, ours_ms, theirs_ms, ratio
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    finished: str | None = None
    training: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    conventions: tuple[Mapping[str, Any], ...] = ()
    gallery: tuple[Mapping[str, Any], ...] = ()
    changes: Mapping[str, Any] | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    coverage: tuple[Mapping[str, Any], ...] = ()
    steps: Mapping[str, Any] | None = None
    power: tuple[Mapping[str, Any], ...] = ()
    speed: tuple[Mapping[str, Any], ...] = ()
    complete: bool = False
    format: int = FORMAT


def write_run(folder: Path | str, run: Run) -> None:
    write_whole(Path(folder) / "run.json", dumps(asdict(run), indent=2) + "\n")


def read_run(folder: Path | str) -> Run:
    path = _existing(folder) / "run.json"
    data = read_object(_text(path), str(path))
    check_format(data, str(path))
    require(data, ("recipe", "environment", "started"), str(path))
    known = {item.name: data[item.name] for item in fields(Run) if item.name in data}
    for name, value in known.items():
        if not isinstance(value, _RUN_TYPES[name]):
            raise StoreError(f"{path}: {name} cannot be {value!r}; the file is damaged, run again to rebuild it")
    kept: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
    return Run(**(kept | timed(folder)))


class ShardWriter:
    """Writes one shard's records and cases under temporary names; they get their real ones when the block ends well.

    An interrupted worker leaves nothing that looks whole, and a shard that runs twice replaces itself.
    """

    def __init__(self, folder: Path | str, shard: int) -> None:
        # the records come last: their name is what says that the shard is finished
        self._paths = [Path(folder) / f"{kind}-{shard:04d}.jsonl" for kind in ("cases", "records")]
        self._parts = [part_of(path) for path in self._paths]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with writing(self._paths[0]), ExitStack() as stack:
            self._paths[0].parent.mkdir(parents=True, exist_ok=True)
            for part in self._parts:
                stack.callback(part.unlink, missing_ok=True)
            self._files = [stack.enter_context(open(part, "x", encoding="utf-8", newline="\n")) for part in self._parts]
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with writing(self._paths[1]), self._stack:
            if kind is not None:
                return
            for file in self._files:
                settle(file)
                file.close()
            for part, path in zip(self._parts, self._paths, strict=True):
                part.replace(path)


def finished_shards(folder: Path | str) -> tuple[int, ...]:
    """The shards that are whole, in order; none when the folder is not there yet."""
    names = (_SHARD.fullmatch(path.name) for path in Path(folder).glob("records-*.jsonl"))
    return tuple(sorted(int(name[1]) for name in names if name))


def read_records(folder: Path | str) -> Iterator[Record]:
    """Every record of the finished shards, one at a time."""
    folder = _existing(folder)
    for shard in finished_shards(folder):
        for where, data in read_lines(folder / f"records-{shard:04d}.jsonl"):
            yield decode(data, where)


def find_case(folder: Path | str, id_prefix: str) -> dict[str, Any]:
    """The case whose id starts so. An id given in full is never ambiguous."""
    folder = _existing(folder)
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("cases-*.jsonl")):
        for where, data in read_lines(path):
            require(data, ("id",), where)
            if str(data["id"]).startswith(id_prefix):
                found.setdefault(str(data["id"]), data)
    return found[_only(sorted(found), id_prefix, folder)]


def write_note(folder: Path | str, note: CaseNote) -> None:
    if not _SAFE_ID.fullmatch(note.id):
        raise StoreError(f"a note is kept under its id, got {note.id!r}; expected letters, digits, '-' and '_' only")
    write_whole(Path(folder) / "notes" / f"{note.id}.json", dumps(asdict(note), indent=2) + "\n")


def read_notes(folder: Path | str) -> dict[str, CaseNote]:
    """The notes by case id."""
    paths = sorted((_existing(folder) / "notes").glob("*.json"))
    notes = (note_from_json(read_object(_text(path), str(path)), str(path)) for path in paths)
    return {note.id: note for note in notes}


def _existing(folder: Path | str) -> Path:
    folder = Path(folder)
    if not os.path.isdir(folder):  # Path.is_dir raises where it may not look
        what = "is a file" if os.path.exists(folder) else "does not exist"
        raise StoreError(
            f"{folder} {what}, expected the folder of a run; make one with: backcheck verify --out {folder}"
        )
    return folder


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StoreError(
            f"{path.parent} holds no readable {path.name} ({error.strerror}), expected the folder of a run; "
            "check the path, or make one with: backcheck verify --out DIR"
        ) from error


def _only(ids: list[str], id_prefix: str, folder: Path) -> str:
    if id_prefix in ids:
        return id_prefix
    if not ids:
        raise StoreError(
            f"no case of {folder} has an id that starts with {id_prefix!r}; the page and the records list them"
        )
    if len(ids) > 1:
        some = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
        raise StoreError(f"{id_prefix!r} fits {len(ids)} cases of {folder}: {some}; give more of the id")
    return ids[0]
