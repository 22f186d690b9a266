"""A run in Markdown, for the summary of a CI job.

A step may write 1 MiB. ROWS and CELL keep the text far below it, whatever the run.
"""

from collections.abc import Mapping

from backcheck_reports.number_format import exact
from backcheck_reports.record import Record
from backcheck_reports.statistics.summary import CONTRACT, FORWARD, OUTPUT, Fault, Summary
from backcheck_reports.statistics.totals import headline, outcome
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

ROWS, CELL, SENTENCE = 40, 300, 3000  # kinds of failure; characters of what is said of one, and of the headline
HEAD = ("| gradient | party | times | case | what is wrong |", "|---|---|---|---|---|")
Kind = tuple[str, str, str]
SPECIAL = frozenset("|<>&`*_[]\\~")


def markdown(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    """The outcome, the headline, what to know of the records, and a table of what fails, each kind once."""
    faults, examples = summary.faults, _examples(summary)
    said = (headline(summary.totals), *summary.cautions)
    lines = [f"## {outcome(summary.totals, run.complete, summary.lost)}", ""]
    lines += [text for each in said for text in (cell(each, SENTENCE), "")]
    lines += [*HEAD, *(_row(fault, notes, examples) for fault in faults[:ROWS])] if faults else []
    lines += ["", f"and {len(faults) - ROWS} more kinds of failure, on the page"] if len(faults) > ROWS else []
    return "\n".join(lines) + "\n"


def _examples(summary: Summary) -> dict[Kind, Record]:
    """The simplest disagreement of each kind, as far as they are kept."""
    found: dict[Kind, Record] = {}
    for record in summary.disagreements:
        rule = FORWARD if record.tensor == OUTPUT and record.party != CONTRACT else record.rule
        found.setdefault((rule, record.argument, record.party), record)
    return found


def _row(fault: Fault, notes: Mapping[str, CaseNote], examples: Mapping[Kind, Record]) -> str:
    """With what is told of the gradient; where nothing is, with the numbers of an example."""
    begins = f"{fault.rule}.{fault.argument} "
    told = next((note for note in notes.values() if note.title.startswith(begins)), None)
    example = examples.get((fault.rule, fault.argument, fault.party))
    case, words = ("", "") if example is None else (example.case, _numbers(example))
    if told:
        case, words = told.id, told.lines[0] if told.lines else words
    cells = (place(fault.rule, fault.argument, fault.party), fault.party, str(fault.count), case, words)
    return f"| {' | '.join(cell(text) for text in cells)} |"


def _numbers(record: Record) -> str:
    return record.reason or f"got {exact(record.got)}, want {exact(record.want)}"


def place(rule: str, argument: str, party: str) -> str:
    """What went wrong: a promise, a forward value, or a gradient by its place in the rule."""
    if party == CONTRACT:
        return f"{rule}: {argument}"
    return FORWARD if rule == FORWARD else f"{rule}.d{argument}"


def cell(text: str, most: int = CELL) -> str:
    """Text that Markdown shows unchanged, on one line and cut."""
    text = " ".join(text.split())
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(f"&#{ord(each)};" if each in SPECIAL else each for each in text)
