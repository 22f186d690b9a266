"""A run as JUnit XML: a test case for each rule, party and dtype, for whatever reads test results."""

import re
from collections.abc import Mapping
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from backcheck_reports.exports.markdown import place
from backcheck_reports.number_format import count, counted, exact, short
from backcheck_reports.page.cards import gradient
from backcheck_reports.record import Record, Verdict
from backcheck_reports.statistics.summary import FORWARD, OUTPUT, Row, Summary
from backcheck_reports.statistics.totals import headline
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

Key = tuple[str, str, str]
MOST = 2000  # characters of one message
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def document(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    root = Element("testsuites", name="backcheck")
    _run(root, run, summary)
    wrong: dict[Key, Record] = {}
    for record in summary.disagreements:
        wrong.setdefault(_key(record), record)
    for rule, rows in groupby(summary.rows, key=lambda row: row.rule):
        suite = SubElement(root, "testsuite", name=_text(rule))
        for row in rows:
            _case(suite, row, wrong.get((row.rule, row.party, row.dtype)), notes)
        _count(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _run(root: Element, run: Run, summary: Summary) -> None:
    """What no row can say: that all were there to be counted."""
    suite = SubElement(root, "testsuite", name="the run")
    case = SubElement(suite, "testcase", classname="backcheck", name="complete and readable")
    if not run.complete or summary.lost:
        said = " ".join(("The run is not finished.",) * (not run.complete) + summary.cautions)
        SubElement(case, "error", message=_text(said), type="incomplete")
    SubElement(case, "system-out").text = _text(headline(summary.totals))
    _count(suite)


def _case(suite: Element, row: Row, wrong: Record | None, notes: Mapping[str, CaseNote]) -> None:
    names = {"classname": _text(f"backcheck.{row.rule}"), "name": _text(f"{row.party} {row.dtype}")}
    case = SubElement(suite, "testcase", names)
    if row.counts[Verdict.DISAGREE]:
        said = f"{count(row.counts[Verdict.DISAGREE])} of {counted(row.tensors, 'tensor')} disagree"
        first, *rest = [f"{said}: {_sentence(wrong, notes)}", *_lines(wrong)] if wrong else [said]
        failure = SubElement(case, "failure", message=_text(first), type="disagree")
        failure.text = _text("\n".join([first, *rest]))
    elif not row.counts[Verdict.AGREE]:
        SubElement(case, "skipped", message=_text(f"nothing was judged: {_counts(row)}"))
    SubElement(case, "system-out").text = _text(
        f"{_counts(row)}; worst {short(row.worst_ulps)} ulps, {short(row.worst_fraction)} of what rounding explains"
    )


def _counts(row: Row) -> str:
    return ", ".join(f"{count(row.counts[verdict])} {verdict}" for verdict in Verdict if row.counts[verdict])


def _sentence(wrong: Record, notes: Mapping[str, CaseNote]) -> str:
    """What is told of the case, where it is told of this very gradient; else the numbers."""
    note = notes.get(wrong.case)
    if note and note.lines and note.title.startswith(f"{wrong.rule}.{wrong.argument} "):
        return note.lines[0]
    where = ", ".join(map(str, wrong.index))
    return f"{_name(wrong)}: got {exact(wrong.got)}, want {exact(wrong.want)} at [{where}]{_reason(wrong)}"


def _name(wrong: Record) -> str:
    return gradient(wrong) if wrong.tensor == OUTPUT else place(wrong.rule, wrong.argument, wrong.party)


def _reason(wrong: Record) -> str:
    return f"; {wrong.reason}" if wrong.reason else ""


def _lines(wrong: Record) -> list[str]:
    numbers = f"got {exact(wrong.got)}, want {exact(wrong.want)}, allowed error {short(wrong.allowed)}"
    return [
        f"{_name(wrong)}, entry {list(wrong.index)} of {list(wrong.shape)}: {numbers}",
        f"backcheck replay {wrong.case}",
    ]


def _key(record: Record) -> Key:
    return FORWARD if record.tensor == OUTPUT else record.rule, record.party, record.dtype


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _text(text: str) -> str:
    """What XML can hold, cut to a length that a reader of test results bears."""
    text = text if len(text) <= MOST else f"{text[: MOST - 1]}…"
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
