"""`backcheck summary`: a run in Markdown, for the summary of a CI job."""

from backcheck.commands import terminal
from backcheck.errors import AGREE
from backcheck_reports.exports.formats import held
from backcheck_reports.exports.markdown import markdown


def summary(folder: str) -> int:
    """Print it. A run that disagrees has failed its own step of the job; the step that shows it succeeds."""
    run = held(folder)
    terminal.show(markdown(run.run, run.summary, run.notes).split("\n"))
    return AGREE
