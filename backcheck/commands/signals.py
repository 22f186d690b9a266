"""How a command ends when somebody ends it: with one sentence, and 128 and the number of the signal as its exit code.

Ctrl-C, a request to end (SIGTERM) and a terminal that is closed (SIGHUP) each become an exception in the main thread,
so that workers are ended and files are closed on the way out.
"""

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN_SECONDS = 0.05
WORDS = {"SIGINT": "interrupted", "SIGTERM": "ended by SIGTERM", "SIGHUP": "ended by SIGHUP, its terminal is gone"}
KEPT = "what was made is kept and report shows it, --resume goes on from it"


class EndedBySignal(KeyboardInterrupt):
    """Like Ctrl-C, by another signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def told(error: BaseException) -> tuple[str, int]:
    """The sentence and the exit code of an interrupt; click puts its own exception around one."""
    found = error if isinstance(error, KeyboardInterrupt) else error.__cause__
    number = found.number if isinstance(found, EndedBySignal) else signal.SIGINT
    return f"{WORDS[signal.Signals(number).name]}; {KEPT}", 128 + number


@contextmanager
def handled() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP end the command in order, and no interrupt is lost.

    An exception that a signal raises in a callback of the garbage collector, of which Hypothesis and JAX have some, is
    written to standard error by Python and goes no further: it is raised again a moment later.
    """
    if threading.current_thread() is not threading.main_thread():  # nobody else may say what signals do
        yield
        return
    lost: list[BaseException] = []

    def end(number: int, frame: object) -> None:
        raise lost.pop() if lost else EndedBySignal(number) if number != signal.SIGINT else KeyboardInterrupt

    def unraisable(met: Any) -> None:
        if not isinstance(met.exc_value, KeyboardInterrupt):
            sys_hook(met)
            return
        lost.append(met.exc_value)
        threading.Timer(AGAIN_SECONDS, _strike, [getattr(met.exc_value, "number", signal.SIGINT)]).start()

    numbers = [getattr(signal, name) for name in WORDS if hasattr(signal, name)]
    # one that is ignored, as SIGHUP by nohup, stays ignored
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    sys_hook, sys.unraisablehook = sys.unraisablehook, unraisable
    try:
        for number in before:
            signal.signal(number, end)
        yield
    finally:
        sys.unraisablehook = sys_hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _strike(number: int) -> None:
    """Send a signal to the main thread, where it ends a call that waits. On Windows it waits for that call."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))
