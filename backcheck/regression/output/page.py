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
from backcheck_reports import Record, Run, ShardWriter, capture, read_run, write_run
from backcheck_reports.exports.formats import FORMATS, export, held
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.codec import marked_json, plain
from backcheck_reports.storage.manifest import write_listed

DATA = "comparison.json"
OWN_NAMES = (FORMATS["html"].name, DATA)


def write_comparison(
    folder: Path, found: Comparison, kept: Sequence[tuple[Mapping[str, Any], Iterable[Record]]], times: tuple[str, str]
) -> Path:
    """Write the records of the new side, the comparison as data, and the page. Returns where the page is."""
    claim(folder, OWN_NAMES)
    with ShardWriter(folder, 0) as out:
        for case, records in kept:
            out.records(records)
            out.case(case)
    # plain, so that the page is the same when it is made again from what is read back
    data = plain({**found.to_json(), "outcome": text.outcome(found)})
    write_listed(folder, DATA, marked_json(data, "comparison"))
    recipe = {"compared": f"{found.old} with {found.new}", **found.plan}
    run = Run(recipe, capture(), *times, changes=data, complete=True)
    write_run(folder, run)
    return export("html", held(folder))


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
