"""The page: one file that needs nothing else, neither network nor script."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backcheck_reports.page.cases import case_list
from backcheck_reports.page.page_view import page_view
from backcheck_reports.party_names import party_name
from backcheck_reports.statistics.garbage_collection import collection_paused
from backcheck_reports.statistics.summary import Summary
from backcheck_reports.storage.files import write_whole
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

TEMPLATES = Path(__file__).parent / "templates"
PAGE_BYTES = 4_900_000  # of a page at most, as long as a shorter list of cases can make room
# joined into the page's one style and one script, in this order
STYLE_SHEETS = ("page.css", "figures.css", "cases.css")
SCRIPTS = ("page.js", "cases.js", "list.js")
# the colour of a verdict in a notebook, legible on white and on black
NOTEBOOK_COLOURS = {"agree": "#2a8a5a", "disagree": "#d64238"}
OTHER_COLOUR = "#9a6b1a"


def write_page(
    path: Path | str, run: Run, summary: Summary, notes: Mapping[str, CaseNote], *, force: bool | None = None
) -> None:
    """Write the page in one step. `notes` by case id; a case without a note shows its records only.

    Raises StoreError where something stands at the path that backcheck did not write, unless `force` is true.
    """
    write_whole(path, render(run, summary, notes), force=force)


def render(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    """The page as text. Where the rest of it is large, the list of cases is made shorter."""
    with collection_paused():
        view = page_view(run, summary, notes)
        text = fill("page.html.j2", STYLE_SHEETS, SCRIPTS, page=view)
        excess = len(text.encode("utf-8", "replace")) - PAGE_BYTES
        if excess > 0:
            shorter = replace(view, cases=case_list(summary.chosen, len(view.cases.data) - excess))
            text = fill("page.html.j2", STYLE_SHEETS, SCRIPTS, page=shorter)
        return text


def fill(template: str, styles: Sequence[str], scripts: Sequence[str], **values: object) -> str:
    """A whole page from a template. Its content security policy allows these styles and scripts only."""
    style, script = ("\n".join(map(_text, names)) for names in (styles, scripts))
    hashes = {"style_hash": _hash(style), "script_hash": _hash(script)}
    return _environment().get_template(template).render(style=style, script=script, **hashes, **values)


def check_html(verdict: str, title: str, rows: Sequence[Sequence[str]], lines: Sequence[str]) -> str:
    """One check as a fragment for a notebook: a row is tensor, shape, verdict, finding and the other parties."""
    template = _environment().get_template("check.html.j2")
    colour = NOTEBOOK_COLOURS.get(verdict, OTHER_COLOUR)
    return template.render(verdict=verdict, title=title, rows=rows, lines=lines, colour=colour)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["named"] = party_name
    return environment


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a content security policy names a text: what a string from outside smuggles in has another hash."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
