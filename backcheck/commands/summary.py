"""`backcheck summary`: a run in Markdown, for the summary of a CI job."""

from backcheck.commands import terminal
from backcheck.errors import AGREE
from backcheck_reports import read_notes, read_run, summary_of
from backcheck_reports.exports.markdown import markdown


def summary(folder: str) -> int:
    """Print it. A run that disagrees has failed its own step of the job; the step that shows it succeeds."""
    terminal.show(markdown(read_run(folder), summary_of(folder), read_notes(folder)).split("\n"))
    return AGREE
