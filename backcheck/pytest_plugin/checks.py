"""What one test has checked: its failures in words, its subtests, and its properties in the JUnit file."""

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pytest

from backcheck.keys import OUTPUT
from backcheck.printable import printable
from backcheck.problem import SUBJECT
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.kernels.told.check import KernelCheck
from backcheck.subjects.lines.never_run import NOT_COUNTED, CodeReached
from backcheck.subjects.result.check import FIRST_SAID, PASSING, Check
from backcheck.verdicts import invariants
from backcheck_reports import CaseNote, Record, Verdict
from backcheck_reports.number_format import got_and_want
from backcheck_reports.party_names import party_name
from backcheck_reports.record import FAULTS


@dataclass
class SubjectChecks:
    """All checks of one subject in one test. `failure` is the last one: Hypothesis runs its smallest example last.
    `judged` says of the last fuzzing how many draws were judged, by array, and `code` which lines none reached."""

    times: int = 0
    verdicts: set[Verdict] = field(default_factory=set)
    records: list[Record] = field(default_factory=list)
    failure: Check | KernelCheck | None = None
    precise: bool = False
    judged: list[str] = field(default_factory=list)
    code: CodeReached = NOT_COUNTED

    def add(self, outcome: Check | KernelCheck | Verification) -> None:
        self.times += 1
        self.verdicts.add(outcome.verdict)
        self.records += outcome.records
        self.precise |= outcome.precise
        if isinstance(outcome, Verification):
            self.judged = [f"{name} {each.judged} of {each.drawn}" for name, each in outcome.judged.items()]
            self.code = outcome.code
            if outcome.failure is not None:
                self.failure = outcome.failure
                self.records += outcome.failure.records
        elif outcome.verdict in FAULTS and not outcome:
            self.failure = outcome

    def __str__(self) -> str:
        own = [each for each in self.records if each.party == SUBJECT and not math.isnan(each.fraction)]
        worst = max(own, key=lambda each: each.fraction, default=None)
        facts = {
            "verdict": next(each for each in FIRST_SAID if each in self.verdicts),
            "worst": f"{worst.fraction:.3g}" if worst else "",
            "case": self.failure.id if self.failure is not None else worst.case if worst else "",
            "checked": self.times,
            "judged": ", ".join(self.judged),
            "never run": ", ".join(each.place for each in self.code.never),
        }
        return "; ".join(f"{name}={fact}" for name, fact in facts.items() if fact)


class ChecksOfTest:
    """What one test has checked, by the name of the subject."""

    def __init__(self, test: str) -> None:
        self.test = test
        self.subjects: dict[str, SubjectChecks] = {}

    def add(self, outcome: Check | KernelCheck | Verification) -> None:
        self.subjects.setdefault(outcome.name, SubjectChecks()).add(outcome)

    def properties(self) -> list[tuple[str, object]]:
        """For the JUnit file: one for each subject."""
        return [(f"backcheck.{name}", str(checks)) for name, checks in self.subjects.items()]

    def run_subtests(self, subtests: Any) -> None:
        """A subtest for each tensor and party; `subtests` is pytest's fixture of that name."""
        for checks in self.subjects.values():
            for each in subtest_results(checks.records, checks.failure is not None, checks.precise):
                with subtests.test(each.title):
                    if each.fails:
                        pytest.fail(each.words, pytrace=False)
                    if each.verdict not in PASSING:
                        pytest.skip(each.words)

    def fixes(self) -> Iterator[tuple[str, str]]:
        """The edit that makes each failing subject right, by its name; of a test of Hypothesis at its smallest case."""
        for name, checks in self.subjects.items():
            if isinstance(checks.failure, Check):
                yield name, str(checks.failure.fix())

    def never_run(self) -> Iterator[str]:
        """What no case has reached of the code of a subject that does not fail."""
        for name, checks in self.subjects.items():
            if checks.failure is None:
                yield from (f"{name}, {line}" for line in checks.code.lines)

    def notes(self) -> Iterator[CaseNote]:
        """The failures in words, with the command that runs the test again."""
        for name, checks in self.subjects.items():
            note = _note(name, checks.failure) if checks.failure is not None else None
            if note is not None:
                yield replace(note, again=f"pytest {shlex.quote(self.test)}" if self.test else note.again)


def _note(name: str, failure: Check | KernelCheck) -> CaseNote | None:
    """The note of a failure. It is made by running the code under test again, which may raise anything."""
    try:
        return failure.note
    except Exception as error:
        said = f"disagrees, and to tell more raises {type(error).__name__}: {error}"
        return CaseNote(failure.id, f"{name}  untold", (said,), "", (), "", "", rule=name)


class SubtestResult(NamedTuple):
    """What a subtest is called, how it ends, and what it says."""

    title: str
    verdict: Verdict
    words: str

    @property
    def fails(self) -> bool:
        return self.verdict in FAULTS or self.verdict is Verdict.IMPRECISE


def subtest_results(records: Iterable[Record], failing: bool, precise: bool = False) -> list[SubtestResult]:
    """One for each tensor and party: a disagreement if there is one, else what was judged, else why nothing was.

    *Imprecise* is a result of the subject's only, and only with `precise`; otherwise it passes as *agree* does. With
    `failing` the subject has failed. Where it has not and a party disagrees, that party is the outlier, and its
    subtest does not fail.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(_title(record), []).append(record)
    told = ((title, *_verdict(group, failing, precise)) for title, group in groups.items())
    return [SubtestResult(printable(title), verdict, printable(words)) for title, verdict, words in told]


def _title(record: Record) -> str:
    if record.party == invariants.PARTY:
        return f"{record.rule} keeps the promise: {record.argument}"
    tensor = "forward value" if record.tensor == str(OUTPUT) else f"d{record.argument}"
    return f"{record.rule} {tensor}, {party_name(record.party)}"


def _verdict(group: Sequence[Record], failing: bool, precise: bool) -> tuple[Verdict, str]:
    wrong = next((each for each in group if each.verdict in FAULTS), None)
    if wrong is not None and wrong.verdict is Verdict.SIDE_EFFECT and not failing:
        return Verdict.AGREE, wrong.reason  # it writes into what it was given, and that is all
    if wrong is not None:
        return (wrong.verdict, _numbers(wrong)) if failing else (Verdict.UNAVAILABLE, f"outlier: {_numbers(wrong)}")
    lost = next((each for each in group if each.verdict is Verdict.IMPRECISE and each.party == SUBJECT), None)
    if lost is not None and precise:
        return lost.verdict, _numbers(lost)
    passed = next((each.verdict for each in group if each.verdict in PASSING), None)
    judged = Verdict.AGREE if passed is Verdict.IMPRECISE else passed
    reasons = Counter(f"{each.verdict}: {each.reason}".removesuffix(": ") for each in group)
    return judged or group[0].verdict, reasons.most_common(1)[0][0]


def _numbers(wrong: Record) -> str:
    numbers = got_and_want(wrong.got, wrong.want, wrong.index)
    allowed = f", allowed {wrong.allowed:.3g}" if numbers and not math.isnan(wrong.allowed) else ""
    return "; ".join(filter(None, (wrong.reason, numbers + allowed, f"case {wrong.case}")))
