"""A run in Markdown, for the summary of a CI job.

GitHub takes 1 MiB from a step. ROWS, CELL and SENTENCE keep the text far below it, whatever the run.
"""

from collections.abc import Mapping
from typing import Any

from backcheck_reports.number_format import got_and_want
from backcheck_reports.record import CONTRACT, OUTPUT, Record
from backcheck_reports.statistics.summary import FORWARD, FaultCount, Summary
from backcheck_reports.statistics.totals import headline, outcome
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

ROWS = 40  # kinds of failure
CELL, SENTENCE = 300, 3000  # characters of a cell, and of the headline
TABLE_HEAD = ("| gradient | party | times | case | what is wrong |", "|---|---|---|---|---|")
CHANGES_HEAD = ("| | category | what changed |", "|---|---|---|")
FaultKey = tuple[str, str, str]  # rule, argument and party
SPECIAL = frozenset("|<>&`*_[]\\~")


def markdown(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    """The outcome, the headline, what to know about the records, and a table of what fails, each kind once."""
    faults, examples = summary.faults, _examples(summary)
    lines = [*_changes(run.changes or {}), f"## {outcome(summary.totals, run.complete, summary.lost)}", ""]
    for sentence in (headline(summary.totals), *summary.cautions, *run.never_run):
        lines += [cell(sentence, SENTENCE), ""]
    if faults:
        lines += [*TABLE_HEAD, *(_row(fault, notes, examples) for fault in faults[:ROWS])]
    if len(faults) > ROWS:
        lines += ["", f"and {len(faults) - ROWS} more kinds of failure, on the page"]
    return "\n".join(lines) + "\n"


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


def _examples(summary: Summary) -> dict[FaultKey, Record]:
    """The simplest disagreement of each kind, of those that the summary keeps."""
    found: dict[FaultKey, Record] = {}
    for record in summary.disagreements:
        rule = FORWARD if record.tensor == OUTPUT and record.party != CONTRACT else record.rule
        found.setdefault((rule, record.argument, record.party), record)
    return found


def _row(fault: FaultCount, notes: Mapping[str, CaseNote], examples: Mapping[FaultKey, Record]) -> str:
    """With the first line of a note on the gradient; without a note, with the numbers of an example."""
    example = examples.get((fault.rule, fault.argument, fault.party))
    case = words = ""
    if example:
        case = example.case
        words = example.reason or got_and_want(example.got, example.want, example.index)
    title = f"{fault.rule}.{fault.argument} "
    if note := next((note for note in notes.values() if note.title.startswith(title)), None):
        case, words = note.id, note.lines[0] if note.lines else words
    cells = (fault_name(fault.rule, fault.argument, fault.party), fault.party, str(fault.count), case, words)
    return f"| {' | '.join(cell(text) for text in cells)} |"


def fault_name(rule: str, argument: str, party: str) -> str:
    """What went wrong: a promise, a forward value, or a gradient by its place in the rule."""
    if party == CONTRACT:
        return f"{rule}: {argument}"
    return FORWARD if rule == FORWARD else f"{rule}.d{argument}"


def cell(text: str, most: int = CELL) -> str:
    """Text that Markdown shows unchanged, on one line and not too long."""
    text = " ".join(text.split())
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(f"&#{ord(each)};" if each in SPECIAL else each for each in text)
