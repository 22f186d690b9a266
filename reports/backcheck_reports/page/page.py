"""The page: one file that needs nothing else, neither network nor script."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backcheck_reports.page import page_view
from backcheck_reports.page.cases import cases
from backcheck_reports.statistics.garbage_collection import nothing_collected
from backcheck_reports.statistics.summary import Summary
from backcheck_reports.storage.files import write_whole
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

_TEMPLATES = Path(__file__).parent / "templates"
MOST = 4_900_000  # bytes of a page, while the list of cases can make room for the rest
# joined into the page's one style and one script, in this order
STYLES = ("page.css", "figures.css", "cases.css")
SCRIPTS = ("page.js", "cases.js", "list.js")


def write_page(path: Path | str, run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> None:
    """Write the page in one step. `notes` by case id; a case without a note shows its records only."""
    with nothing_collected():
        write_whole(path, render(run, summary, notes))


def render(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    """The page as text; where all else on it is large, the list of cases makes room."""
    view = page_view.page(run, summary, notes)
    text = _rendered(view)
    over = len(text.encode("utf-8", "replace")) - MOST
    if over > 0:
        text = _rendered(replace(view, cases=cases(summary.chosen, len(view.cases.data) - over)))
    return text


def _rendered(view: page_view.Page) -> str:
    style, script = _joined(STYLES), _joined(SCRIPTS)
    hashes = {"style_hash": _hash(style), "script_hash": _hash(script)}
    return _environment().get_template("page.html.j2").render(page=view, style=style, script=script, **hashes)


def fill(template: str, styles: Sequence[str], **values: object) -> str:
    """Another page in the look of this one."""
    style = "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in styles)
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    hashes = {"style_hash": _hash(style), "script_hash": _hash(script)}
    return _environment().get_template(template).render(style=style, script=script, **hashes, **values)


# what a verdict looks like in a notebook, legible on white and on black
COLOURS = {"agree": "#2a8a5a", "disagree": "#d64238"}


def check_html(verdict: str, title: str, rows: Sequence[Sequence[str]], lines: Sequence[str]) -> str:
    """One check as a fragment for a notebook: a row is tensor, shape, verdict, finding and the other parties."""
    template = _environment().get_template("check.html.j2")
    colour = COLOURS.get(verdict, "#9a6b1a")
    return template.render(verdict=verdict, title=title, rows=rows, lines=lines, colour=colour)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _joined(names: Sequence[str]) -> str:
    return "\n".join(map(_own, names))


def _own(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """For the content security policy: this style and this script run, nothing that a string smuggled in."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
