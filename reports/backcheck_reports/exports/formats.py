"""The formats that a run can be written as. Every file is written whole or not at all."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from backcheck_reports.destination import COMMENT
from backcheck_reports.exports.junit import document
from backcheck_reports.exports.markdown import markdown
from backcheck_reports.page.page import render
from backcheck_reports.record import Record, Verdict
from backcheck_reports.statistics.findings import RunFinding
from backcheck_reports.statistics.summary import Summary, SummaryRow, summary_of
from backcheck_reports.statistics.told import told
from backcheck_reports.statistics.totals import headline, outcome
from backcheck_reports.storage import parquet
from backcheck_reports.storage.codec import FIELDS, field_value, marked_json
from backcheck_reports.storage.files import StoreError, open_part, replacing_file, write_part
from backcheck_reports.storage.manifest import listed_file
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.reader import ReadIssues, read_records, record_files
from backcheck_reports.storage.store import Run, read_notes, read_run

JSON_FORMAT = 2  # of the summary in JSON
BESIDE = "beside.html"  # the page of two runs
FORMULA_STARTS = tuple("=+-@\t\r")  # a spreadsheet takes a cell that begins so for a formula


@dataclass(frozen=True, slots=True)
class Held:
    """All that the folder of a run holds, whether the run is finished or not."""

    folder: Path
    run: Run
    summary: Summary
    notes: Mapping[str, CaseNote]

    def records(self) -> Iterator[Record]:
        return read_records(self.folder, ReadIssues())  # what cannot be read is left out: the summary counts it


def held(folder: Path | str) -> Held:
    """The run. One of whose files some are gone or changed is not complete, whatever it says itself."""
    run, summary = read_run(folder), summary_of(folder)
    run = replace(run, complete=run.complete and not summary.incomplete)
    return Held(Path(folder), run, summary, read_notes(folder))


@dataclass(frozen=True, slots=True)
class Format:
    """The file's name, unless another is given, and the function that fills it."""

    name: str
    fill: Callable[[Path, Held], None]


def export(kind: str, run: Held, target: Path | str | None = None, *, force: bool | None = None) -> Path:
    """Write the run as one of FORMATS, and return the path. A file that is not ours is kept unless `force` is true."""
    path = Path(target) if target else run.folder / FORMATS[kind].name
    if path.resolve() in {source.resolve() for source in record_files(run.folder)}:
        raise StoreError(f"{path} holds what the run is read from, expected another file; give one with -o")
    own = listed_file(run.folder, path.name, force=force)
    with replacing_file(path, force=force) if target else own as part:
        FORMATS[kind].fill(part, run)
    return path


def as_json(run: Held) -> dict[str, Any]:
    """The summary of the run, and what its page says in the headline."""
    summary, stored, totals = run.summary, run.run, run.summary.totals
    return {
        "format": JSON_FORMAT,
        "outcome": outcome(totals, stored.complete, summary.lost, summary.findings),
        "headline": headline(totals),
        **{name: getattr(stored, name) for name in ("complete", "started", "finished", "recipe", "environment")},
        "cautions": summary.cautions,
        "never_run": stored.never_run,
        "lost": summary.lost,
        "totals": {
            **{name: getattr(totals, name) for name in ("networks", "gradients", "outputs", "entries")},
            "parties": sorted(totals.parties),
            "verdicts": {verdict: totals[verdict] for verdict in Verdict},
        },
        "rows": [_row(row) for row in summary.rows],
        "findings": [_finding(each, run.notes) for each in summary.findings],
        "reasons": [asdict(reason) for reason in summary.reasons],
        "disagreements": [asdict(record) for record in summary.disagreements],
        "closest": {party: [asdict(record) for record in records] for party, records in summary.closest.items()},
    }


def _row(row: SummaryRow) -> dict[str, Any]:
    numbers = ("median_ulps", "worst_ulps", "worst_fraction", "median_resolution", "worst_resolution")
    names = {"rule": row.rule, "party": row.party, "dtype": row.dtype, "networks": row.cases, "tensors": row.tensors}
    verdicts = {verdict: row.counts[verdict] for verdict in Verdict}
    names["behind"] = row.behind
    return {**names, "verdicts": verdicts, **{name: getattr(row, name) for name in numbers}}


def _finding(finding: RunFinding, notes: Mapping[str, CaseNote]) -> dict[str, Any]:
    case, words = told(finding, notes)
    counts = {name: getattr(finding, name) for name in ("verdicts", "gradients", "networks", "elsewhere")}
    parts = [asdict(part) for part in finding.parts]
    said = {"rule": finding.rule, "party": finding.party, "what": finding.what, "words": words, "case": case}
    return {**said, "parts": parts, **counts}


def _html(part: Path, run: Held) -> None:
    write_part(part, render(run.run, run.summary, run.notes))


def _json(part: Path, run: Held) -> None:
    write_part(part, marked_json(as_json(run)))


def _markdown(part: Path, run: Held) -> None:
    write_part(part, f"{COMMENT}\n{markdown(run.run, run.summary, run.notes)}")


def _junit(part: Path, run: Held) -> None:
    write_part(part, document(run.run, run.summary, run.notes))


def _csv(part: Path, run: Held) -> None:
    with open_part(part) as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(FIELDS)
        out.writerows([_cell(getattr(record, name)) for name in FIELDS] for record in run.records())


def _parquet(part: Path, run: Held) -> None:
    parquet.write(part, run.records())


def _cell(value: Any) -> Any:
    """Floats to the bit, tuples as JSON, and text that a spreadsheet would compute with an apostrophe before it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else str(value)
    return field_value(value)


FORMATS: Mapping[str, Format] = {
    "html": Format("agreement.html", _html),
    "json": Format("agreement.json", _json),
    "markdown": Format("agreement.md", _markdown),
    "junit": Format("agreement.xml", _junit),
    "csv": Format("records.csv", _csv),
    "parquet": Format("records.parquet", _parquet),
}
