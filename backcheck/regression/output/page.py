"""The run folder and the page of a comparison or of a baseline: the page of a run, with a section on what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from backcheck.regression.baseline.comparison import Difference
from backcheck.regression.baseline.history import HistoryEntry
from backcheck.regression.baseline.run import Outcome
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
from backcheck_reports.exports.formats import FORMATS
from backcheck_reports.storage.codec import marked_json, plain
from backcheck_reports.storage.files import write_whole

PAGE, DATA = FORMATS["html"].name, "comparison.json"


def prepare(folder: Path) -> None:
    """Make the folder, and remove what an earlier run left there. No other folder is ever emptied."""
    check_writable(folder)
    if (folder / "run.json").exists():
        for pattern in (*SHARD_FILES, "notes/*.json", PAGE, DATA):
            for old in folder.glob(pattern):
                old.unlink()


def write_comparison(
    folder: Path, found: Comparison, kept: Sequence[tuple[Mapping[str, Any], Iterable[Record]]], times: tuple[str, str]
) -> Path:
    """Write the records of the new side, the comparison as data, and the page. Returns where the page is."""
    prepare(folder)
    with ShardWriter(folder, 0) as out:
        for case, records in kept:
            out.records(records)
            out.case(case)
    # plain, so that the page is the same when it is made again from what is read back
    data = plain({**found.to_json(), "outcome": text.outcome(found)})
    write_whole(folder / DATA, marked_json(data, "comparison"))
    recipe = {"compared": f"{found.old} with {found.new}", **found.plan}
    run = Run(recipe, capture(), *times, changes=data, complete=True)
    write_run(folder, run)
    write_page(folder / PAGE, run, summary_of(folder), read_notes(folder))
    return folder / PAGE


def of_baseline(
    folder: Path,
    file: Path,
    outcome: Outcome,
    found: Sequence[Difference],
    moved: Sequence[str],
    past: Sequence[HistoryEntry],
) -> Run:
    """The run in the folder with its differences from the baseline, and with the history."""
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
