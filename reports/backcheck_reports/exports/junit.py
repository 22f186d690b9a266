"""A run as JUnit XML, for programs that read test results: a test case for each rule, party and dtype, and one that
fails for each finding.
"""

import re
from collections.abc import Mapping
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from backcheck_reports.destination import COMMENT
from backcheck_reports.number_format import count, counted, got_and_want, short
from backcheck_reports.record import FAULTS, Verdict
from backcheck_reports.statistics.findings import RunFinding
from backcheck_reports.statistics.summary import Summary, SummaryRow
from backcheck_reports.statistics.told import notes_on, told
from backcheck_reports.statistics.totals import headline
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.store import Run

MESSAGE = 2000  # characters of one message at most
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def document(run: Run, summary: Summary, notes: Mapping[str, CaseNote]) -> str:
    root = Element("testsuites", name="backcheck")
    _run_suite(root, run, summary)
    by_rule: dict[str, list[RunFinding]] = {}
    for finding in summary.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    for rule, rows in groupby(summary.rows, key=lambda row: row.rule):
        suite = SubElement(root, "testsuite", name=_text(rule))
        for finding in by_rule.get(rule, ()):
            _finding(suite, finding, notes)
        for row in rows:
            _case(suite, row)
        _count(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{COMMENT}\n{tostring(root, encoding="unicode")}\n'


def _finding(suite: Element, finding: RunFinding, notes: Mapping[str, CaseNote]) -> None:
    """One bug is one failure: the verdicts that follow from it are told in its test case, and fail no other."""
    case = SubElement(
        suite, "testcase", classname=_text(f"backcheck.{finding.rule}"), name=_text(f"{finding.name} is right")
    )
    id, words = told(finding, notes)
    verdict = next((part.verdict for part in finding.parts if not part.promise), finding.parts[0].verdict)
    said = f"{finding.name}: {finding.what}"
    failure = SubElement(case, "failure", message=_text(": ".join(filter(None, (said, words)))), type=verdict.value)
    example = finding.records[0]
    numbers = got_and_want(example.got, example.want, example.index)
    measured = f"of shape {list(example.shape)}: {numbers}, allowed error {short(example.allowed)}" if numbers else ""
    again = next((note.again for note in notes_on(finding, notes)), f"backcheck replay {id}")
    failure.text = _text("\n".join(filter(None, (said, words, measured, finding.also, again))))


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


def _case(suite: Element, row: SummaryRow) -> None:
    """The verdicts of one party at one dtype. What is wrong of them is told by the finding, and this is skipped."""
    names = {"classname": _text(f"backcheck.{row.rule}"), "name": _text(f"{row.party} {row.dtype}")}
    case = SubElement(suite, "testcase", names)
    behind = f"{counted(row.behind, 'gradient')} behind a wrong rule" if row.behind else ""
    if any(row.counts[verdict] for verdict in FAULTS):
        SubElement(case, "skipped", message=_text(f"told above, as a finding: {_counts(row)}"))
    elif not row.counts[Verdict.AGREE]:
        said = "; ".join(filter(None, (_counts(row), behind)))
        SubElement(case, "skipped", message=_text(f"nothing was judged: {said}"))
    worst = f"worst {short(row.worst_ulps)} ulps, {short(row.worst_fraction)} of what rounding explains"
    SubElement(case, "system-out").text = _text("; ".join(filter(None, (_counts(row), worst, behind))))


def _counts(row: SummaryRow) -> str:
    return ", ".join(f"{count(row.counts[verdict])} {verdict}" for verdict in Verdict if row.counts[verdict])


def _count(suite: Element) -> None:
    """The attributes that say how many test cases the suite has, and how many failed."""
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _text(text: str) -> str:
    """What XML can hold, cut to a length that programs can show."""
    text = text if len(text) <= MESSAGE else f"{text[: MESSAGE - 1]}…"
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
