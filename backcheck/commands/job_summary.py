"""A run in Markdown, for the summary of a CI job: `python -m backcheck.commands.job_summary DIR`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from backcheck.errors import AGREE, COULD_NOT, USAGE
from backcheck_reports import StoreError, read_notes, read_run, summary_of
from backcheck_reports.exports import markdown as exported
from backcheck_reports.exports.markdown import CELL, ROWS, SENTENCE, cell

__all__ = ["CELL", "ROWS", "SENTENCE", "cell", "main", "markdown"]


def markdown(folder: Path | str) -> str:
    """The outcome, the headline, and a table of what fails, each kind once."""
    return exported.markdown(read_run(folder), summary_of(folder), read_notes(folder))


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m backcheck.commands.job_summary DIR", file=sys.stderr)
        return USAGE
    try:
        print(markdown(arguments[0]))
    except StoreError as error:
        print(error, file=sys.stderr)
        return COULD_NOT
    return AGREE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
