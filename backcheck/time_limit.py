"""A limit on the time that one case may take in this process, and which call was going on when it was over.

Python can be interrupted between two of its own instructions, and where a call of the system waits: a loop, a sleep, a
read. A function in C that never returns cannot be; `backcheck verify` runs its cases in processes that can be ended.
"""

import ctypes
import gc
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from backcheck.errors import BackcheckError, BadInput

CASE_SECONDS = 300.0  # a case takes milliseconds, and some of exact numbers take a minute
AGAIN = 1.0  # seconds to the next try, where the first came at a bad moment or was caught


class OutOfTime(BackcheckError, TimeoutError):
    """A case took longer than it may. The message names the call that did not return; nothing is known of the case."""


class _TimeIsOver(BaseException):
    """Raised in the middle of whatever runs. Not an Exception: those the code under test and its judges may catch."""


_CALLS: list[str] = []  # those that are going on in this process, the innermost last


class calling:
    """Within the block a call of this name is going on. A class, since every call of a user's code enters one."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        _CALLS.append(self.name)

    def __exit__(self, *_: object) -> None:
        _CALLS.pop()


@dataclass
class _Alarm:
    """Rings when the time is over, and again until somebody has left the block; `during` is the call of the first.

    It never rings within an import, since a large library that is imported by half crashes when it is imported again,
    nor in a callback of the garbage collector, where an exception is lost.
    """

    during: str = ""
    over: bool = False

    def note(self) -> None:
        self.during = self.during or (_CALLS[0] if _CALLS else "the check")

    def ring(self, number: int, frame: FrameType | None) -> None:
        if not self.over and not _is_bad_moment(frame):
            self.note()
            raise _TimeIsOver


def _is_bad_moment(frame: FrameType | None) -> bool:
    collecting = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib") or frame.f_code in collecting:
            return True
        frame = frame.f_back
    return False


class _Limited(threading.local):
    active = False


_limited = _Limited()


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises OutOfTime where the block takes longer; a limit within a limit does nothing.

    >>> import time
    >>> with time_limit(0.05), calling("backward"):
    ...     time.sleep(60)
    Traceback (most recent call last):
        ...
    backcheck.time_limit.OutOfTime: backward did not return within 0.05 s
    """
    if _limited.active:
        yield
        return
    alarm, _limited.active = _Alarm(), True
    try:
        with _by_the_system(alarm, seconds) if _clock_is_free() else _by_a_thread(alarm, seconds):
            yield
    except _TimeIsOver:
        raise OutOfTime(f"{alarm.during} did not return within {seconds:g} s") from None
    finally:
        _limited.active = False


def require_seconds(name: str, seconds: float) -> None:
    """Raises BadInput for what is no time that a case may take."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= threading.TIMEOUT_MAX:
        raise BadInput(f"{name} is the time that a case may take, more than 0 seconds; got {seconds!r}")


def _clock_is_free() -> bool:
    """May the system's clock be set here? Somebody else's, as the limit of a whole test, stays theirs."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        return False
    return not signal.getitimer(signal.ITIMER_REAL)[0]


@contextmanager
def _by_the_system(alarm: _Alarm, seconds: float) -> Iterator[None]:
    """A signal ends a sleep and a read too."""
    before = signal.signal(signal.SIGALRM, alarm.ring)
    try:
        try:  # a ring at the very end must not keep what follows from being done
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
            yield
        finally:
            alarm.over = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _by_a_thread(alarm: _Alarm, seconds: float) -> Iterator[None]:
    """Python's own way into another thread: it waits for the next instruction."""
    own, done = threading.get_ident(), threading.Event()
    who = ctypes.c_ulong(own)
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def wait() -> None:
        left = seconds
        while not done.wait(left):
            left = AGAIN
            if not _is_bad_moment(sys._current_frames().get(own)):
                alarm.note()
                interrupt(who, ctypes.py_object(_TimeIsOver))

    watch = threading.Thread(target=wait, daemon=True, name="backcheck's time limit")
    watch.start()
    try:
        try:
            yield
        finally:
            done.set()
    finally:
        # What was sent arrives in this call at the latest. To take it back, by None, would leave Python's flag for it
        # set for ever: every call is slower then, and a traced one never begins.
        watch.join()
