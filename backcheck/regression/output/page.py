"""The run folder and page of a comparison or of a baseline: the same page as ever, with a section on what changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from backcheck.regression.baseline.cases import Outcome
from backcheck.regression.baseline.comparison import Difference
from backcheck.regression.baseline.history import Entry
from backcheck.regression.difference.changes import Comparison
from backcheck.regression.output import text
from backcheck_reports import (
    SHARD_FILES,
    Record,
    Run,
    ShardWriter,
    capture,
    check_writable,
    read_notes,
    read_run,
    summary_of,
    write_page,
    write_run,
)
from backcheck_reports.storage.codec import dumps
from backcheck_reports.storage.files import write_whole

PAGE, DATA = "agreement.html", "comparison.json"


def prepare(folder: Path) -> None:
    """A folder that can be written to, with nothing of an earlier run in it; only a run's folder is ever emptied."""
    check_writable(folder)
    if (folder / "run.json").exists():
        for pattern in (*SHARD_FILES, "notes/*.json", PAGE, DATA):
            for old in folder.glob(pattern):
                old.unlink()


def write_comparison(
    folder: Path, found: Comparison, kept: Sequence[tuple[Mapping[str, Any], Iterable[Record]]], times: tuple[str, str]
) -> Path:
    """The records of the new side, the comparison as data, and the page."""
    prepare(folder)
    with ShardWriter(folder, 0) as out:
        for case, records in kept:
            out.records(records)
            out.case(case)
    data = plain({**found.to_json(), "outcome": text.outcome(found)})
    write_whole(folder / DATA, dumps(data, indent=2) + "\n")
    recipe = {"compared": f"{found.old} with {found.new}", **found.plan}
    run = Run(recipe, capture(), *times, changes=data, complete=True)
    write_run(folder, run)
    write_page(folder / PAGE, run, summary_of(folder), read_notes(folder))
    return folder / PAGE


def plain(data: Any) -> Any:
    """As it will be read back: infinities are text, tuples are lists."""
    return json.loads(dumps(data))


def of_baseline(
    folder: Path, file: Path, outcome: Outcome, found: Sequence[Difference], moved: Sequence[str], past: Sequence[Entry]
) -> Run:
    """The run in the folder, with what is not as the baseline has it and with the history."""
    differences = [
        {
            "category": each.category,
            "fails": each.fails,
            "sentence": each.sentence,
            "old": each.old.text() if each.old else "",
            "new": each.new.text() if each.new else "",
        }
        for each in found
    ]
    data = {
        "file": file.name,
        "lines": len(outcome.baseline.lines),
        "differences": differences,
        "environment": list(moved),
        "undrawn": dict(outcome.undrawn),
    }
    return replace(read_run(folder), changes=data, history=tuple(asdict(each) for each in past))
