"""A run in Markdown, for the summary of a CI job.

GitHub takes 1 MiB from a step. ROWS, CELL and SENTENCE keep the text far below it, whatever the run.
"""

from collections.abc import Mapping
from typing import Any

from backcheck_reports.statistics.findings import RunFinding
from backcheck_reports.statistics.summary import Summary
from backcheck_reports.statistics.told import told
from backcheck_reports.statistics.totals import headline, outcome
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

ROWS = 40  # findings
CELL, SENTENCE = 300, 3000  # characters of a cell, and of the headline
TABLE_HEAD = ("| rule | what is wrong | case | in words |", "|---|---|---|---|")
CHANGES_HEAD = ("| | category | what changed |", "|---|---|---|")
SPECIAL = frozenset("|<>&`*_[]\\~")


def markdown(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    """The outcome, the headline, what to know about the records, and a table of the findings."""
    lines = [
        *_changes(run.changes or {}),
        f"## {cell(outcome(summary.totals, run.complete, summary.lost, summary.findings))}",
        "",
    ]
    for sentence in (headline(summary.totals), *summary.cautions, *run.never_run):
        lines += [cell(sentence, SENTENCE), ""]
    if summary.findings:
        lines += [*TABLE_HEAD, *(_row(each, notes) for each in summary.findings[:ROWS])]
    if len(summary.findings) > ROWS:
        lines += ["", f"and {len(summary.findings) - ROWS} more findings, on the page"]
    return "\n".join(lines) + "\n"


def _row(finding: RunFinding, notes: Mapping[str, CaseNote]) -> str:
    """With the first line of a note on the finding; without a note, with the numbers of its simplest case."""
    case, words = told(finding, notes)
    what = "; ".join(filter(None, (finding.what, finding.also)))
    return f"| {' | '.join(cell(text) for text in (finding.name, what, case, words))} |"


def _changes(changes: Mapping[str, Any]) -> list[str]:
    """What a comparison has found: with a revision, or with a baseline. What fails comes first."""
    found = changes.get("findings", changes.get("differences", ()))
    if not changes:
        return []
    said = (
        changes.get("outcome") or f"{sum(bool(each['fails']) for each in found)} worse than {changes.get('file', '')}"
    )
    rows = [
        f"| {'**fails**' if each['fails'] else 'notice'} | {cell(str(each['category']))} | {cell(each['sentence'])} |"
        for each in sorted(found, key=lambda each: not each["fails"])[:ROWS]
    ]
    more = [f"and {len(found) - ROWS} more, on the page"] if len(found) > ROWS else []
    return [f"## {cell(said)}", "", *(CHANGES_HEAD if rows else ()), *rows, "", *more, *([""] if more else [])]


def cell(text: str, most: int = CELL) -> str:
    """Text that Markdown shows unchanged, on one line and not too long."""
    text = " ".join(text.split())
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(f"&#{ord(each)};" if each in SPECIAL else each for each in text)
