"""What runs in a worker: jobs, one after the other. It ends with its parent, and by itself where a case does not end.

The clock is the one of `faulthandler`, a thread in C: it ends a process whose Python is not running any more, after it
has written where that stands.
"""

import ctypes
import faulthandler
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import IO, Any

from backcheck.containment import no_exit
from backcheck.processes import memory
from backcheck.time_limit import CASE_SECONDS

LEAST_SECONDS = 120  # for a worker to import what it needs, and for jobs of many cases, however little one case has
RAISED = 70  # the exit code of a worker in which something else than an Exception was raised
ENDING = tuple(name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
PR_SET_PDEATHSIG = 1  # of Linux's prctl


@dataclass(frozen=True, slots=True)
class CaseLimits:
    """What one case may take: seconds by the clock, and MB of memory for the process that it is in."""

    seconds: float = CASE_SECONDS
    memory_mb: int = memory.WORKER_MB

    @property
    def job_seconds(self) -> float:
        """What a job may take to its first network, or in all where it has none."""
        return max(self.seconds, LEAST_SECONDS)


class Steps:
    """How far a job is, network by network. This one tells nobody."""

    def alive(self, network: int) -> None:
        """Said before a network, of a job that cannot go on in another process."""

    def begin(self, network: int) -> None:
        """Said before a network. It may raise Renewal, and then the job goes on in another process."""

    def done(self, network: int, failed: bool) -> None:
        """Said after it, when it is kept."""


QUIET = Steps()


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """`function(*arguments, steps)`, run in a worker; with `alone` in a new one, and what it writes to standard error
    is kept."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    alone: bool = False


class Renewal(BaseException):
    """This process has grown large: another is to go on with its job, at the network that is next."""


class TellingSteps(Steps):
    """Tells the parent, and sets the clock anew for each network."""

    def __init__(self, pipe: Connection, words: IO[str], limits: CaseLimits) -> None:
        self._pipe, self._words, self._limits = pipe, words, limits
        self._networks = 0

    def set_clock(self, seconds: float) -> None:
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._words)

    def begin(self, network: int) -> None:
        # half of what the worker may hold: one network more must not reach the whole
        if self._networks and memory.held_by() > self._limits.memory_mb * memory.MB // 2:
            memory.give_back()
            if memory.held_by() > self._limits.memory_mb * memory.MB // 2:
                raise Renewal
        self._networks += 1
        self.alive(network)

    def alive(self, network: int) -> None:
        self._pipe.send(("began", network))
        self.set_clock(self._limits.seconds)

    def done(self, network: int, failed: bool) -> None:
        self._pipe.send(("done", (network, failed)))


def serve(pipe: Connection, words: str, limits: CaseLimits) -> None:
    """The main function of the process. Its last words, where it is ended, stand in the file."""
    end_with_parent()
    with open(words, "w", encoding="utf-8") as file, suppress(BrokenPipeError, ConnectionResetError):
        steps = TellingSteps(pipe, file, limits)
        while (job := _next(pipe)) is not None:
            if job.alone:
                os.dup2(file.fileno(), 2)  # a library in C writes to the descriptor, and not through sys.stderr
            steps.set_clock(limits.job_seconds)
            kind, said = _carried_out(job, steps, file)
            faulthandler.cancel_dump_traceback_later()
            pipe.send((kind, said))
            if kind == "renew":
                return


def _next(pipe: Connection) -> Job | None:
    try:
        return pipe.recv()  # type: ignore[no-any-return]
    except (EOFError, OSError):  # the other end is gone
        return None


def _carried_out(job: Job, steps: Steps, words: IO[str]) -> tuple[str, Any]:
    try:
        with no_exit():
            return "finished", job.function(*job.arguments, steps)
    except Renewal:
        return "renew", None
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        error.add_note(f"in a worker:\n{traceback.format_exc()}")
        # the cause goes along, as pickle leaves it out: it says that a disk is full, which is nobody's wrong use
        return "raised", (_sent(error), error.__cause__ and _sent(error.__cause__))
    except BaseException as error:  # whoever exits in a worker ends a network, and neither the run nor its parent
        words.write(f"{type(error).__name__}: {error}\n")
        words.flush()
        os._exit(RAISED)


def _sent(error: BaseException) -> BaseException:
    """The exception, or what it says where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
    return error


def end_with_parent() -> None:
    """End this process when its parent is gone, whatever has ended that, and leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):  # held back when this process was started
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {getattr(signal, name) for name in ENDING})

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(RAISED)

    threading.Thread(target=wait, daemon=True, name="backcheck: ends with its parent").start()
    if sys.platform == "linux":  # a function in C that keeps Python's lock keeps that thread waiting, too
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
