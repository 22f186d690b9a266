"""A run in Markdown, for the summary of a CI job: `python -m backcheck.job_summary DIR`.

A step may write 1 MiB. ROWS and CELL keep the text far below it, whatever the run.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from backcheck.codes import AGREE, COULD_NOT, USAGE
from reports import CaseNote, StoreError, headline, outcome, read_notes, read_records, read_run, summarise
from reports.summary import CONTRACT, FORWARD, Fault

ROWS, CELL, SENTENCE = 40, 300, 3000  # kinds of failure; characters of what is said of one, and of the headline
HEAD = ("| gradient | party | times | case | what is wrong |", "|---|---|---|---|---|")
SPECIAL = frozenset("|<>&`*_[]\\~")


def markdown(folder: Path | str) -> str:
    """The outcome, the headline, and a table of what fails, each kind once."""
    run, summary, notes = read_run(folder), summarise(read_records(folder)), read_notes(folder)
    faults = summary.faults
    lines = [f"## {outcome(summary.totals, run.complete)}", "", cell(headline(summary.totals), SENTENCE), ""]
    lines += [*HEAD, *(_row(fault, notes) for fault in faults[:ROWS])] if faults else []
    lines += ["", f"and {len(faults) - ROWS} more kinds of failure, on the page"] if len(faults) > ROWS else []
    return "\n".join(lines) + "\n"


def _row(fault: Fault, notes: Mapping[str, CaseNote]) -> str:
    begins = f"{fault.rule}.{fault.argument} "
    told = next((note for note in notes.values() if note.title.startswith(begins)), None)
    cells = (_where(fault), fault.party, str(fault.count), told.id if told else "", told.lines[0] if told else "")
    return f"| {' | '.join(cell(text) for text in cells)} |"


def _where(fault: Fault) -> str:
    if fault.party == CONTRACT:
        return f"{fault.rule}: {fault.argument}"
    return FORWARD if fault.rule == FORWARD else f"{fault.rule}.d{fault.argument}"


def cell(text: str, most: int = CELL) -> str:
    """Text that Markdown shows unchanged, on one line and cut."""
    text = " ".join(text.split())
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(f"&#{ord(each)};" if each in SPECIAL else each for each in text)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m backcheck.job_summary DIR", file=sys.stderr)
        return USAGE
    try:
        print(markdown(arguments[0]))
    except StoreError as error:
        print(error, file=sys.stderr)
        return COULD_NOT
    return AGREE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
