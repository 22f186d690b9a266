"""What the pytest plugin does once a test has checked something: keep it, tell it, and make the page."""

import datetime
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from backcheck.keys import OUTPUT
from backcheck.problem import SUBJECT
from backcheck.pytest_plugin.options import Options
from backcheck.subjects.result.check import FIRST_SAID, PASSING
from backcheck.verdicts.invariants import PARTY as CONTRACT
from backcheck_reference import lazy
from backcheck_reports import (
    SHARD_FILES,
    CaseNote,
    Record,
    Run,
    ShardWriter,
    StoreError,
    Summary,
    Verdict,
    capture,
    headline,
    read_notes,
    summary_of,
    write_note,
    write_page,
    write_run,
)

FULL = 2000  # records of a shard
TOLD = 200  # failures of one process that are told in words
SHOWN = 5  # failures on the terminal, two lines each
NEEDS: Mapping[str, lazy.LazyModule] = {"torch": lazy.torch, "jax": lazy.jax, "exact": lazy.flint}
WRITTEN = ("run.json", *SHARD_FILES, "notes")


@dataclass
class Answers:
    """What became of one subject in one test, over all the times it was checked.

    `failure` is the last one: Hypothesis runs its smallest example last.
    """

    times: int = 0
    verdicts: set[Verdict] = field(default_factory=set)
    records: list[Record] = field(default_factory=list)
    failure: Any = None

    def add(self, outcome: Any) -> None:
        """Of a Check or a Verification."""
        failing = getattr(outcome, "failure", outcome if outcome.verdict is Verdict.DISAGREE else None)
        self.times += 1
        self.verdicts.add(outcome.verdict)
        self.records += outcome.records
        if failing is not None:
            self.failure = failing
            self.records += failing.records if failing is not outcome else ()

    def __str__(self) -> str:
        own = [each for each in self.records if each.party == SUBJECT and each.fraction == each.fraction]
        worst = max(own, key=lambda each: each.fraction, default=None)
        facts = {
            "verdict": next(each for each in FIRST_SAID if each in self.verdicts),
            "worst": f"{worst.fraction:.3g}" if worst else "",
            "case": self.failure.id if self.failure is not None else worst.case if worst else "",
            "checked": self.times,
        }
        return "; ".join(f"{name}={fact}" for name, fact in facts.items() if fact)


class Heard:
    """What one test has checked, by name."""

    def __init__(self, test: str) -> None:
        self.test = test
        self.answers: dict[str, Answers] = {}

    def add(self, outcome: Any) -> None:
        self.answers.setdefault(outcome.name, Answers()).add(outcome)

    def properties(self) -> list[tuple[str, object]]:
        """For the JUnit file: a line for each subject."""
        return [(f"backcheck.{name}", str(answers)) for name, answers in self.answers.items()]

    def tell(self, subtests: Any) -> None:
        """A subtest for each tensor and party."""
        for answers in self.answers.values():
            for each in verdicts(answers.records, answers.failure is not None):
                with subtests.test(each.title):
                    if each.verdict is Verdict.DISAGREE:
                        pytest.fail(each.words, pytrace=False)
                    if each.verdict not in PASSING:
                        pytest.skip(each.words)

    def notes(self) -> Iterator[CaseNote]:
        """The failures in words, with the command that runs the test again."""
        for name, answers in self.answers.items():
            note = _note(name, answers.failure) if answers.failure is not None else None
            if note is not None:
                yield replace(note, again=f"pytest {shlex.quote(self.test)}" if self.test else note.again)


def _note(name: str, failure: Any) -> CaseNote | None:
    """To tell a failure is to run somebody's code again, and what that raises must not end the session."""
    try:
        return failure.note
    except Exception as error:
        said = f"disagrees, and to tell more raises {type(error).__name__}: {error}"
        return CaseNote(failure.id, f"{name}  untold", (said,), "", (), "", "")


class Told(NamedTuple):
    title: str
    verdict: Verdict
    words: str


def verdicts(records: Iterable[Record], failing: bool) -> list[Told]:
    """What came of each tensor and party over these records. Only what was judged counts: a disagreement, else what was
    judged, else why nothing was. Where the subject is right and a party is not, nothing of the subject's has failed.
    """
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(_title(record), []).append(record)
    return [Told(title, *_of(group, failing)) for title, group in found.items()]


def _title(record: Record) -> str:
    if record.party == CONTRACT:
        return f"{record.rule} keeps the promise: {record.argument}"
    tensor = "forward value" if record.tensor == str(OUTPUT) else f"d{record.argument}"
    return f"{record.rule} {tensor}, {'yours' if record.party == SUBJECT else record.party}"


def _of(group: Sequence[Record], failing: bool) -> tuple[Verdict, str]:
    wrong = next((each for each in group if each.verdict is Verdict.DISAGREE), None)
    if wrong is not None:
        return (Verdict.DISAGREE, _numbers(wrong)) if failing else (Verdict.UNAVAILABLE, f"outlier: {_numbers(wrong)}")
    judged = next((each.verdict for each in group if each.verdict in PASSING), None)
    reasons = Counter(f"{each.verdict}: {each.reason}".removesuffix(": ") for each in group)
    return judged or group[0].verdict, reasons.most_common(1)[0][0]


def _numbers(wrong: Record) -> str:
    index = ", ".join(map(str, wrong.index))
    said = f"{wrong.reason}; " if wrong.reason else ""
    return f"{said}got {wrong.got!r}, want {wrong.want!r} at [{index}], allowed {wrong.allowed:.3g}; case {wrong.case}"


class Log:
    """Records on their way into a folder, shard by shard, on the disk as soon as they are heard of."""

    def __init__(self, folder: Path, shard: int) -> None:
        self.folder, self.shard, self.told, self.kept = folder, shard, 0, 0
        self.open = ExitStack()
        self.writer: ShardWriter | None = None

    def add(self, heard: Heard) -> None:
        for answers in heard.answers.values():
            self.write(answers.records)
        if self.told < TOLD:
            for note in heard.notes():
                write_note(self.folder, note)
                self.told += 1
        if self.kept >= FULL:
            self.flush()

    def write(self, records: Sequence[Record]) -> None:
        if records and self.writer is None:
            self.writer = self.open.enter_context(ShardWriter(self.folder, self.shard))
        if self.writer is not None:
            self.writer.records(records)
            self.kept += len(records)

    def flush(self) -> None:
        """The shard is whole, and what comes next begins another."""
        self.open.close()
        if self.writer is not None:
            self.writer, self.kept, self.shard = None, 0, self.shard + 1


def missing(required: Iterable[str]) -> list[str]:
    """Why each of the required oracles that cannot answer here cannot."""
    found = []
    for name in required:
        try:
            if name in NEEDS:
                NEEDS[name].load()
        except lazy.Unavailable as reason:
            found.append(f"{name} is required: {reason}")
    return found


def prepared(options: Options, page: Path, started: float) -> Path:
    """The folder beside the page, with a run that has begun and nothing of an earlier one. Raises UsageError."""
    folder = page.with_name(f"{page.stem}-records")
    try:
        if page.is_dir():
            raise IsADirectoryError(0, "it is a folder, expected a file")
        folder.mkdir(parents=True, exist_ok=True)
        page.unlink(missing_ok=True)
        # only the folder of a run is ever emptied
        patterns = WRITTEN if (folder / "run.json").exists() else ()
        for old in [path for pattern in patterns for path in folder.glob(pattern)]:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        write_run(folder, Run(_recipe(options), capture(), _moment(started)))
    except (OSError, StoreError) as error:
        said = getattr(error, "strerror", None) or error
        raise pytest.UsageError(f"backcheck-report: cannot write {page}: {said}") from error
    return folder


def _recipe(options: Options) -> dict[str, Any]:
    return {"made by": "pytest", **asdict(options.asked)}


def finish(folder: Path, options: Options, started: float, complete: bool) -> tuple[str, ...]:
    """Write the page where one is asked for. Returns what the terminal says, nothing when nothing was checked."""
    summary, notes = summary_of(folder), read_notes(folder)
    if options.report is not None:
        run = Run(_recipe(options), capture(), _moment(started), _moment(time.time()), complete=complete)
        write_run(folder, run)
        write_page(options.report, run, summary, notes)
    return tuple(_lines(summary, notes, options.report)) if summary.totals.verdicts else ()


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")


def _lines(summary: Summary, notes: Mapping[str, CaseNote], page: Path | None) -> Iterator[str]:
    """At most 15 lines, counted with the section's own."""
    yield headline(summary.totals)
    kinds = {note.title: note for note in notes.values()}
    for title in sorted(kinds)[:SHOWN]:
        note = kinds[title]
        yield f"DISAGREE  {title}  case {note.id}  {note.again}"
        yield f"  {note.lines[0]}"
    if len(kinds) > SHOWN:
        yield f"and {len(kinds) - SHOWN} more kinds of failure, on the page that --backcheck-report=PATH makes"
    if page is not None:
        yield str(page)
