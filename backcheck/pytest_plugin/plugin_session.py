"""The plugin's state in a session: what the test has checked, where that is written, and what could not be."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backcheck.pytest_plugin.options import Options

if TYPE_CHECKING:  # heavy, and imported by the first check of a session
    from backcheck.pytest_plugin.checks import ChecksOfTest
    from backcheck.pytest_plugin.report import RecordLog


@dataclass
class PluginSession:
    """The plugin's state in one pytest session. `folder` is where the records are, once there are any or workers that
    may write some."""

    options: Options
    folder: Path | None = None
    shard: int = 0
    worker: bool = False
    workers: int = 0
    started: float = field(default_factory=time.time)
    test: str = ""
    reported: bool = True  # whether what the test checks goes on the page
    checks: "ChecksOfTest | None" = None  # what the test has checked, once it has
    log: "RecordLog | None" = None  # where earlier tests' checks went, once there were any
    lines: tuple[str, ...] = ()
    lost: str = ""  # why not all of what is checked is written: the page and the baseline would lack it
    open: ExitStack = field(default_factory=ExitStack)
    narrowed: ExitStack = field(default_factory=ExitStack)

    def hear(self, outcome: Any) -> None:
        """Take a Check or a Verification, unless it comes from a session within this one (pytester)."""
        if SESSIONS[-1] is self:
            from backcheck.pytest_plugin.checks import ChecksOfTest

            self.checks = self.checks or ChecksOfTest(self.test)
            self.checks.add(outcome)

    def keep(self) -> None:
        """Write what the test that ends has checked."""
        if self.checks is not None and self.reported and not self.lost:
            from backcheck.pytest_plugin.report import RecordLog

            with self.noting_loss():
                self.log = self.log or RecordLog(self.place(), self.shard)
                self.log.add(self.checks)
        self.checks, self.test, self.reported = None, "", True

    @contextmanager
    def noting_loss(self) -> Iterator[None]:
        """A full disk fails no test and stops none: the session goes on, writes no more, and ends with COULD_NOT."""
        from backcheck_reports import StoreError

        try:
            yield
        except (StoreError, pytest.UsageError) as error:
            self.lost = self.lost or str(error)
            if self.log is not None:
                self.log.abandon(error)

    def place(self) -> Path:
        """The folder of the records: beside the page, or a temporary one. Raises UsageError where none can be made."""
        if self.folder is None:
            try:
                self.folder = Path(tempfile.mkdtemp(prefix="backcheck-"))
            except OSError as error:
                raise pytest.UsageError(
                    f"backcheck: no temporary folder can be made for what is checked ({error.strerror or error}); free "
                    "some space, or set TMPDIR to a place that this user may write to"
                ) from error
            self.open.callback(shutil.rmtree, self.folder, ignore_errors=True)
        return self.folder


SESSIONS: list[PluginSession] = []  # the innermost last
