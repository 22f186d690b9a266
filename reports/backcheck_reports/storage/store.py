"""A run as a folder of plain files, which any tool can read: there is nothing to install and nothing to start.

run.json              the recipe, the environment and the times
manifest.jsonl        the files that the run wrote (backcheck_reports.storage.manifest)
records-NNNN.jsonl    one record per line, a file for each shard (backcheck_reports.storage.shards has the other names)
cases-NNNN.jsonl      what `replay` needs of each case, by its id
notes/ID.json         the notes: cases that the page explains in words
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from backcheck_reports.record import FORMAT
from backcheck_reports.storage import run_shapes, schema
from backcheck_reports.storage.codec import marked_json
from backcheck_reports.storage.files import StoreError
from backcheck_reports.storage.manifest import read_manifest, write_listed
from backcheck_reports.storage.notes import CaseNote, read_note
from backcheck_reports.storage.reader import case_lines, existing
from backcheck_reports.storage.shards import sources
from backcheck_reports.storage.speed_file import read_speed

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked, where it ran and when. `complete` is False until the last shard is written.

    training      the textbook run whose gradients were checked: layers, epochs, eta, loss, accuracy, checked
    notes         limits that a reader of the page should know
    conventions   the slope each party takes at a kink: rule, point, input, low, high, a text by party, shared, inside
    gallery       where the frameworks differ: rule, dtype, what, input, truth, answers, outlier, reason, reproducer
    changes       what a modification changed: a comparison of two revisions, or a run against its baseline
    history       earlier saves of the baseline: commit, dirty, date, digits and times by name
    coverage      what was drawn of each rule: rule, nodes, dtypes, options, never, before, after
    never_run     sentences on the code of a subject that no network has reached
    steps         the error of central differences by their step, on one network: network, truncation, rounding, rows
    power         faults that were injected: fault, rule, caught, missed
    speed         times beside PyTorch's: rule, phase, ours_ms, theirs_ms, ratio
    manifest      which manifest lists what the run wrote, and `shards` how many whole ones it had when it was complete
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
    never_run: tuple[str, ...] = ()
    steps: Mapping[str, Any] | None = None
    power: tuple[Mapping[str, Any], ...] = ()
    speed: tuple[Mapping[str, Any], ...] = ()
    complete: bool = False
    manifest: str = ""
    shards: int = 0
    format: int = FORMAT


def write_run(folder: Path | str, run: Run) -> None:
    """Write run.json. In a folder with a manifest it is listed there, and says which manifest is its own."""
    manifest = read_manifest(folder)
    if manifest is not None:
        shards = sum(name.startswith("records-") for name in manifest.files) if run.complete else 0
        run = replace(run, manifest=manifest.run, shards=shards)
    write_listed(folder, "run.json", marked_json(asdict(run), "run"))


def read_run(folder: Path | str) -> Run:
    path = existing(folder) / "run.json"
    where = str(path)
    kept = schema.fields_of(schema.read(_text(path), run_shapes.RunFile, where))
    if kept["training"] is not None:
        schema.fit(kept["training"], run_shapes.TrainingShape, f"{where}: training")
    if kept["format"] > FORMAT:  # a newer version may give these another shape: they are left out
        kept |= {"changes": None, "history": (), "coverage": ()}
    else:
        kept["changes"] = run_shapes.changes(bytes(kept["changes"]), where)
        kept["history"] = tuple(schema.read(bytes(kept["history"]), list[run_shapes.SaveShape], where))
        kept["coverage"] = tuple(schema.read(bytes(kept["coverage"]), list[run_shapes.CoverageShape], where))
    if (speed := read_speed(folder)) is not None:
        kept["speed"] = speed
    return Run(**kept)


def find_case(folder: Path | str, id_prefix: str) -> dict[str, Any]:
    """The one case whose id begins with the prefix. An id given in full is never ambiguous."""
    folder = existing(folder)
    found: dict[str, tuple[str, str]] = {}
    for source in sources(folder, "cases"):
        for where, line in case_lines(source):
            came: str = schema.read(line, _Identified, where).id
            if came.startswith(id_prefix):
                found.setdefault(came, (where, line))
    where, line = found[_only_match(sorted(found), id_prefix, folder)]
    data: dict[str, Any] = schema.read(line, schema.JsonObject, where)
    return data


class _Identified(msgspec.Struct):
    id: str


def write_note(folder: Path | str, note: CaseNote) -> None:
    if not _SAFE_ID.fullmatch(note.id):
        raise StoreError(f"a note is kept under its id, got {note.id!r}; expected letters, digits, '-' and '_' only")
    write_listed(folder, f"notes/{note.id}.json", marked_json(asdict(note), "note"))


def read_notes(folder: Path | str) -> dict[str, CaseNote]:
    """The notes by case id. With a manifest those that it lists: what else is in the folder is somebody's own."""
    folder = existing(folder)
    manifest = read_manifest(folder)
    paths = sorted((folder / "notes").glob("*.json"))
    if manifest is not None:
        paths = [path for path in paths if f"notes/{path.name}" in manifest.files]
    notes = (read_note(_text(path), str(path)) for path in paths)
    return {note.id: note for note in notes}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StoreError(
            f"{path.parent} holds no readable {path.name} ({error.strerror}), expected the folder of a run; "
            "check the path, or make one with: backcheck verify --out DIR"
        ) from error


def _only_match(ids: list[str], id_prefix: str, folder: Path) -> str:
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
