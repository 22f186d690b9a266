"""coverage.py around single calls of somebody's code.

To trace a whole check made it 1.4 to 1.8 times as slow: the tracer is told of every call in the process, and a check is
mostly ours. So it runs only while somebody's own functions do, and no longer than it has something to find. From Python
3.14 on coverage.py counts by `sys.monitoring`, which costs next to nothing once a line was met, and much to switch on
and off: there it runs all the time.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backcheck.subjects.lines.blocks import Arc

BUSY = "another tool traces this process already ({})"
NO_CORE = "this installation of coverage.py has no tracer in C, and the one in Python would take too long"


class CannotTrace(Exception):
    """Lines cannot be counted here; the message says why."""


class LineTracer:
    """Which lines and arcs of some files were run within its windows, apart for each label that a window has.

    Raises CannotTrace where another tool traces: a debugger, or coverage.py around somebody's tests, which would be
    interrupted.
    """

    def __init__(self, files: Sequence[str]) -> None:
        if tool := _other_tool():
            raise CannotTrace(BUSY.format(tool))
        from coverage import Coverage

        self._coverage = Coverage(data_file=None, branch=True, include=list(files), config_file=False, messages=False)
        self._coverage.set_option("run:disable_warnings", ["no-data-collected"])  # a draw may raise before any line
        self._open, self._all_the_time, self._label = False, False, ""

    def __enter__(self) -> Self:
        self._coverage.start()
        trace = sys.gettrace()
        self._all_the_time = trace is None
        if not self._all_the_time:
            self._coverage.stop()
            if type(trace).__name__ != "CTracer":
                raise CannotTrace(NO_CORE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._all_the_time:
            self._all_the_time = False
            self._coverage.stop()

    @property
    def keeps_apart(self) -> bool:
        """Has each label its own lines? Not where `sys.monitoring` counts, which sees each line once."""
        return not self._all_the_time

    @contextmanager
    def window(self, label: str) -> Iterator[None]:
        """Within the block lines are counted; a window within another, or beside another tool's trace, does nothing."""
        if self._open or self._all_the_time or sys.gettrace() is not None:
            yield
            return
        self._open = True
        self._coverage.start()
        try:
            if self._label != label:
                self._label = label
                self._coverage.switch_context(label)
            yield
        finally:
            self._coverage.stop()
            self._open = False

    def arcs(self, label: str) -> dict[str, set[Arc]]:
        """The jumps from line to line so far, by file; into a function and out of it they have a negative number."""
        data = self._coverage.get_data()
        if self.keeps_apart:
            data.set_query_context(label)
        return {name: set(data.arcs(name) or ()) for name in data.measured_files()}


def excluded(file: str) -> frozenset[int]:
    """The lines that are marked as not to be reached, by coverage.py's own rules."""
    from coverage import Coverage
    from coverage.exceptions import CoverageException

    with suppress(CoverageException, OSError, SyntaxError):
        if Path(file).is_file():
            return frozenset(Coverage(data_file=None, config_file=False, messages=False).analysis2(file)[2])
    return frozenset()


def _other_tool() -> str:
    """The tool that traces this process; empty where there is none."""
    trace: Any = sys.gettrace()
    if trace is not None:
        return str(getattr(trace, "__module__", None) or type(trace).__module__).partition(".")[0]
    if "coverage" in sys.modules:
        from coverage import Coverage

        return "" if Coverage.current() is None else "coverage"
    return ""
