"""The records of a session on the disk, and at its end the page and the lines on the terminal."""

import datetime
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backcheck.printable import printable
from backcheck.pytest_plugin.checks import ChecksOfTest
from backcheck.pytest_plugin.options import Options
from backcheck.subjects.result.check import PASSING
from backcheck_reports import (
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
from backcheck_reports.number_format import counted
from backcheck_reports.record import FORWARD, SUBJECT
from backcheck_reports.statistics.told import notes_on, told
from backcheck_reports.storage import schema
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.codec import marked_json
from backcheck_reports.storage.files import check_replaceable, reading
from backcheck_reports.storage.lock import locked
from backcheck_reports.storage.manifest import write_listed

RECORDS_A_SHARD = 2000
NOTES_WRITTEN = 200  # by one process
NEVER_RUN = "never-run-{:04d}.json"
NEVER_RUN_SHOWN = 3  # sentences on the terminal
FAILURES_SHOWN = 5  # on the terminal, two lines each


class RecordLog:
    """Writes records into a folder, shard by shard, at once: a session that is killed leaves what it has checked."""

    def __init__(self, folder: Path, shard: int) -> None:
        self.folder, self.shard, self.notes, self.kept = folder, shard, 0, 0
        self.never_run, self.file = dict[str, None](), NEVER_RUN.format(shard)
        self.open = ExitStack()
        self.writer: ShardWriter | None = None

    def add(self, checks: ChecksOfTest) -> None:
        for subject in checks.subjects.values():
            self.write(subject.records)
        never = {**self.never_run, **dict.fromkeys(checks.never_run())}
        if never.keys() - self.never_run:
            self.never_run = never
            write_listed(self.folder, self.file, marked_json({"never_run": list(never)}, "lines"))
        if self.notes < NOTES_WRITTEN:
            for note in checks.notes():
                write_note(self.folder, note)
                self.notes += 1
        if self.kept >= RECORDS_A_SHARD:
            self.flush()

    def write(self, records: Sequence[Record]) -> None:
        if records and self.writer is None:
            self.writer = self.open.enter_context(ShardWriter(self.folder, self.shard))
        if self.writer is not None:
            self.writer.records(records)
            self.kept += len(records)

    def flush(self) -> None:
        """End the shard; the next records begin another."""
        self.open.close()
        if self.writer is not None:
            self.writer, self.kept, self.shard = None, 0, self.shard + 1

    def abandon(self, error: BaseException) -> None:
        """Leave the shard as a session that was killed would: its last line may be cut off."""
        with suppress(StoreError):  # the disk is still full when the file is closed
            self.open.__exit__(type(error), error, error.__traceback__)


def prepare(options: Options, page: Path, started: float, session: ExitStack) -> Path | None:
    """Make the folder beside the page, without an earlier run, and write that a run has begun. Raises UsageError.

    The folder is this session's alone until the session ends. A page that is a device or the like has none beside it.
    """
    folder = page.with_name(f"{page.stem}-records")
    try:
        check_replaceable(page, force=options.force)
        if page.exists() and not page.is_file():
            return None
        session.enter_context(locked(folder))
        claim(folder)
        if not page.is_symlink():
            page.unlink(missing_ok=True)  # a session that is killed must not leave the page of an earlier one
        write_run(folder, Run(_recipe(options), capture(), _moment(started)))
    except (OSError, StoreError) as error:
        said = f"cannot write {page}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise pytest.UsageError(f"backcheck-report: {printable(said)}") from error
    return folder


def _recipe(options: Options) -> dict[str, Any]:
    return {"made by": "pytest", **asdict(options.asked)}


def finish(folder: Path, options: Options, started: float, complete: bool) -> tuple[str, ...]:
    """Write the page where one is asked for. Returns the lines for the terminal, none where nothing was checked."""
    summary, notes, never = summary_of(folder), read_notes(folder), _never_run(folder)
    if options.report is not None:
        finished = _moment(time.time())
        run = Run(_recipe(options), capture(), _moment(started), finished, never_run=never, complete=complete)
        write_run(folder, run)
        write_page(options.report, run, summary, notes, force=options.force)
    return tuple(_lines(summary, notes, never, options.report)) if summary.totals.verdicts else ()


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")


class _NeverRun(msgspec.Struct):
    never_run: list[str]


def _never_run(folder: Path) -> tuple[str, ...]:
    """What all processes of the session have kept of code that no case reached."""
    found: dict[str, None] = {}
    for path in sorted(folder.glob(NEVER_RUN.format(0).replace("0000", "*"))):
        with reading(path):
            found |= dict.fromkeys(schema.read(path.read_bytes(), _NeverRun, str(path)).never_run)
    return tuple(found)


def _lines(summary: Summary, notes: Mapping[str, CaseNote], never: Sequence[str], page: Path | None) -> Iterator[str]:
    """At most 18 lines: the section has 19 with its title."""
    yield _functions(summary)
    yield headline(summary.totals)
    yield from never[:NEVER_RUN_SHOWN]
    if len(never) > NEVER_RUN_SHOWN:
        yield f"and {len(never) - NEVER_RUN_SHOWN} more subjects with code that no case reached"
    for finding in summary.findings[:FAILURES_SHOWN]:
        own = notes_on(finding, notes)
        case, words = told(finding, notes)
        again = f"  {own[0].again}" if own else ""
        yield f"WRONG  {finding.name}: {finding.what}  case {case}{again}"
        yield f"  {words}"
    if len(summary.findings) > FAILURES_SHOWN:
        more = len(summary.findings) - FAILURES_SHOWN
        yield f"and {more} more findings, on the page that --backcheck-report=PATH makes"
    if page is not None:
        yield str(page)


def _functions(summary: Summary) -> str:
    """How many functions are right and wrong: "4 functions checked: 2 right, 2 wrong"."""
    met: dict[str, Counter[Verdict]] = {}
    for row in summary.rows:
        if row.party == SUBJECT and row.rule != FORWARD:
            met.setdefault(row.rule, Counter()).update(row.counts)
    own = [finding for finding in summary.findings if finding.party == SUBJECT]
    wrong = {finding.rule for finding in own if not finding.only_effects}
    writing = {finding.rule for finding in own if finding.only_effects}
    judged = {name for name, counts in met.items() if any(counts[verdict] for verdict in PASSING)}
    counts = {
        "right": len(judged - wrong - writing), "wrong": len(wrong), "with a side effect": len(writing),
        "not judged": len(met.keys() - judged - wrong - writing),
    }  # fmt: skip
    said = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    return f"{counted(len(met.keys() | wrong | writing), 'function')} checked: {said}"
