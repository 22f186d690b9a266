"""A limit on what one run of somebody's code on exact numbers may cost.

A loop that ends when two floats are equal need not end on exact numbers, and one with a tolerance of 0 never does. So
each front end counts what it is asked to do, one operation for a whole array, and a run that asks too much is stopped.
The count comes first, since it is the same on every machine; time is for few operations on large arrays.
"""

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable

OPERATIONS = 200_000  # of one run. A convolution by seven loops over 8 x 8 pixels asks for 40,000
SECONDS = 30.0  # of a processor
OFTEN = 64  # operations between two looks at the clock
LINES = 2_000_000  # of Python that code in floats may run at numbers that its author never gave it
PATIENCE = 2  # runs of the same code that are stopped before no further one is begun


class Stopped(Unavailable):
    """A run on exact numbers that took too long."""


@dataclass(slots=True)
class ExactCost:
    """What one run has asked for so far.

    The clock is first read after some operations: to read it takes a millisecond on some machines, and most runs are
    shorter than that.
    """

    most: int
    began: float = np.inf
    operations: int = 0

    def spend(self) -> None:
        self.operations += 1
        if self.operations > self.most or (self.operations % OFTEN == 0 and self._seconds() > SECONDS):
            raise Stopped(f"the exact run was stopped after {self.operations:,} operations")

    def _seconds(self) -> float:
        now = time.thread_time()
        self.began = min(self.began, now)
        return now - self.began


_run: ContextVar[ExactCost | None] = ContextVar("run", default=None)
_stopped: ContextVar[Counter[Any] | None] = ContextVar("stopped", default=None)
_most: ContextVar[int | None] = ContextVar("most", default=None)
_tally: ContextVar[list[int] | None] = ContextVar("tally", default=None)


def spend() -> None:
    """Count one operation of the run in progress. Raises Stopped where that is one too many."""
    run = _run.get()
    if run is not None:
        run.spend()


class OneRun:
    """The block that `one_run` gives. It may be entered once."""

    __slots__ = ("code", "cost", "token")

    def __init__(self, code: Any) -> None:
        self.code = code

    @property
    def key(self) -> Any:
        return getattr(self.code, "__code__", type(self.code))

    def __enter__(self) -> None:
        self.cost = None
        if _run.get() is not None:
            return
        before = _stopped.get()
        if before and before[self.key] >= PATIENCE:
            raise Stopped(f"an exact run was stopped after {OPERATIONS:,} operations or {SECONDS:.0f} seconds")
        self.cost = ExactCost(_most.get() or OPERATIONS)
        self.token = _run.set(self.cost)

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if self.cost is None:
            return
        _run.reset(self.token)
        before, tally = _stopped.get(), _tally.get()
        if before is not None and kind is not None and issubclass(kind, Stopped):
            before[self.key] += 1
        if tally is not None:
            tally.append(self.cost.operations)


def one_run(code: Any) -> OneRun:
    """One call of somebody's code on exact numbers; runs within it are part of it. Raises Stopped."""
    return OneRun(code)


@contextmanager
def remembering() -> Iterator[None]:
    """Within the block code that was stopped often enough is not run on exact numbers again."""
    token = _stopped.set(Counter() if _stopped.get() is None else _stopped.get())
    try:
        yield
    finally:
        _stopped.reset(token)


@contextmanager
def at_most(operations: int) -> Iterator[None]:
    """Within the block a run is stopped after so many."""
    token = _most.set(min(operations, OPERATIONS))
    try:
        yield
    finally:
        _most.reset(token)


@contextmanager
def counting() -> Iterator[list[int]]:
    """The operations of each run in the block."""
    found: list[int] = []
    token = _tally.set(found)
    try:
        yield found
    finally:
        _tally.reset(token)


@contextmanager
def lines_run(called: Callable[[Any], None] | None = None) -> Iterator[list[int]]:
    """How many lines of Python run within the block, as one number in a list; `called` is given the frame of each call.

    Nothing of ours runs between two operations on floats, so lines are counted as a debugger does. Raises Stopped where
    they are too many: a loop until a change is small never ends when it is given NaN. The garbage collector rests
    meanwhile: the lines of what it calls back, which others have registered, would count as the code's own.
    """
    before, lines, collects = sys.gettrace(), [0], gc.isenabled()

    def count(frame: Any, event: str, _: Any) -> Any:
        lines[0] += 1
        if lines[0] > LINES:
            raise Stopped(f"stopped after {lines[0]:,} lines")
        if called is not None and event == "call":
            called(frame)
        return count

    gc.disable()
    sys.settrace(count)
    try:
        yield lines
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
