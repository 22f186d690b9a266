"""A run as JUnit XML, for programs that read test results: a test case for each rule, party and dtype."""

import re
from collections.abc import Mapping
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from backcheck_reports.destination import COMMENT
from backcheck_reports.exports.markdown import fault_name
from backcheck_reports.number_format import count, counted, got_and_want, short
from backcheck_reports.page.cards import gradient
from backcheck_reports.record import CONTRACT, FAULTS, OUTPUT, Record, Verdict
from backcheck_reports.statistics.summary import FORWARD, RowKey, Summary, SummaryRow
from backcheck_reports.statistics.totals import headline
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

MESSAGE = 2000  # characters of one message at most
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def document(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    root = Element("testsuites", name="backcheck")
    _run_suite(root, run, summary)
    examples: dict[RowKey, Record] = {}  # one disagreement of each row
    for record in summary.disagreements:
        rule = FORWARD if record.tensor == OUTPUT else record.rule
        examples.setdefault((rule, record.party, record.dtype), record)
    for rule, rows in groupby(summary.rows, key=lambda row: row.rule):
        suite = SubElement(root, "testsuite", name=_text(rule))
        for row in rows:
            _case(suite, row, examples.get(row.key), notes)
        _count(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{COMMENT}\n{tostring(root, encoding="unicode")}\n'


def _run_suite(root: Element, run: Run, summary: Summary) -> None:
    """One test case for what no row can say: that the run is complete, and all its records could be read."""
    suite = SubElement(root, "testsuite", name="the run")
    case = SubElement(suite, "testcase", classname="backcheck", name="complete and readable")
    if not run.complete or summary.lost:
        unfinished = () if run.complete else ("The run is not finished.",)
        message = " ".join((*unfinished, *summary.cautions))
        SubElement(case, "error", message=_text(message), type="incomplete")
    SubElement(case, "system-out").text = _text(headline(summary.totals))
    _count(suite)


def _case(suite: Element, row: SummaryRow, example: Record | None, notes: Mapping[str, CaseNote]) -> None:
    names = {"classname": _text(f"backcheck.{row.rule}"), "name": _text(f"{row.party} {row.dtype}")}
    case = SubElement(suite, "testcase", names)
    faults = [verdict for verdict in FAULTS if row.counts[verdict]]
    if faults:
        lines = [", ".join(_said_of(verdict, row) for verdict in faults)]
        if example:
            lines = [f"{lines[0]}: {_sentence(example, notes)}", *_lines(example)]
        failure = SubElement(case, "failure", message=_text(lines[0]), type=faults[0].value)
        failure.text = _text("\n".join(lines))
    elif not row.counts[Verdict.AGREE]:
        SubElement(case, "skipped", message=_text(f"nothing was judged: {_counts(row)}"))
    SubElement(case, "system-out").text = _text(
        f"{_counts(row)}; worst {short(row.worst_ulps)} ulps, {short(row.worst_fraction)} of what rounding explains"
    )


def _said_of(verdict: Verdict, row: SummaryRow) -> str:
    of = f"{count(row.counts[verdict])} of {counted(row.tensors, 'tensor')}"
    return f"{of} disagree" if verdict is Verdict.DISAGREE else f"{of}: {verdict}"


def _counts(row: SummaryRow) -> str:
    return ", ".join(f"{count(row.counts[verdict])} {verdict}" for verdict in Verdict if row.counts[verdict])


def _sentence(wrong: Record, notes: Mapping[str, CaseNote]) -> str:
    """The first line of the note, where it is about this very gradient; else the numbers."""
    note = notes.get(wrong.case)
    if note and note.lines and note.title.startswith(f"{wrong.rule}.{wrong.argument} "):
        return note.lines[0]
    if wrong.party == CONTRACT:  # a promise has no numbers
        return f"{_name(wrong)}: {wrong.reason}"
    numbers = got_and_want(wrong.got, wrong.want, wrong.index)
    return f"{_name(wrong)}: {'; '.join(filter(None, (numbers, wrong.reason)))}"


def _name(wrong: Record) -> str:
    return gradient(wrong) if wrong.tensor == OUTPUT else fault_name(wrong.rule, wrong.argument, wrong.party)


def _lines(wrong: Record) -> list[str]:
    if wrong.party == CONTRACT:
        return [f"backcheck replay {wrong.case}"]
    numbers = got_and_want(wrong.got, wrong.want, wrong.index)
    measured = [f"{_name(wrong)}, of shape {list(wrong.shape)}: {numbers}, allowed error {short(wrong.allowed)}"]
    return [*(measured if numbers else ()), f"backcheck replay {wrong.case}"]


def _count(suite: Element) -> None:
    """The attributes that say how many test cases the suite has, and how many failed."""
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _text(text: str) -> str:
    """What XML can hold, cut to a length that programs can show."""
    text = text if len(text) <= MESSAGE else f"{text[: MESSAGE - 1]}…"
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
