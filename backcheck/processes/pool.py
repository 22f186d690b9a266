"""Processes that share jobs, each of which may be ended at any moment without a loss to the others.

The pools of the standard library are broken as a whole by one worker that dies, and know no limit on what one job may
take. Each worker here has a pipe of its own; the one that dies or takes too much is replaced, and what it was at is
told.
"""

import multiprocessing
import re
import signal
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import connection, resource_tracker
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from backcheck.errors import Ended
from backcheck.processes import memory
from backcheck.processes.worker import ENDING, CaseLimits, Job, serve

LOOK_SECONDS = 0.25  # between two looks at the memory and the clocks of the workers
GRACE_SECONDS = 5  # a worker ends itself when its time is over; the parent does it so much later
MOST_CHARACTERS = 300  # of a process's last words
TIMEOUT = "Timeout ("  # what faulthandler's clock writes first
LOG_STAMP = re.compile(r"^[DIWEF]\d{4} [\d:.]+ +\d+ ")  # glog's: the time and the process
FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$')
OTHERS = ("site-packages", "/lib/python", "\\Lib\\", "<frozen", "/backcheck/", "/backcheck_reference/")


class Cause(StrEnum):
    """Why a worker has ended: it took too long, or too much memory, somebody killed it, or its code ended it."""

    TIME = "time"
    MEMORY = "memory"
    KILLED = "killed"
    CRASH = "crash"


@dataclass(frozen=True, slots=True)
class NetworkDone:
    """A network of a job is done and kept."""

    job: Job
    network: int
    failed: bool


@dataclass(frozen=True, slots=True)
class JobDone:
    job: Job
    result: Any


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """A worker has ended in the middle of a job, at this network, or before its first one. `words` say how."""

    job: Job
    network: int | None
    cause: Cause
    words: str


Event = NetworkDone | JobDone | WorkerDied


class WorkerProcess:
    """One worker, seen from its parent."""

    def __init__(self, limits: CaseLimits, words: Path, start: str = "spawn") -> None:
        self.limits, self.words = limits, words
        self.job: Job | None = None
        self.network: int | None = None
        self.new, self.due, self.too_large = True, 0.0, False
        context: Any = multiprocessing.get_context(start)
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, str(words), limits))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of JAX and Python, that a fork loses threads
            self.process.start()
        theirs.close()

    def give(self, job: Job) -> None:
        self.job, self.network, self.new = job, None, False
        self._due_in(self.limits.job_seconds)
        with suppress(BrokenPipeError, ConnectionResetError):  # it is gone, which is seen when it is looked at
            self.pipe.send(job)

    def begin(self, network: int) -> None:
        self.network = network
        self._due_in(self.limits.seconds)

    def _due_in(self, seconds: float) -> None:
        self.due = monotonic() + seconds + GRACE_SECONDS

    def hold_to_limits(self) -> None:
        """End it where it is beyond one of them."""
        self.too_large = self.too_large or memory.held_by(self.process.pid) > self.limits.memory_mb * memory.MB
        if self.too_large or monotonic() > self.due:
            self.process.kill()

    def death(self) -> WorkerDied:
        """How it ended."""
        self.process.join(GRACE_SECONDS)
        self.process.kill()  # it closed its pipe, and did not end
        self.process.join()
        assert self.job is not None
        written = self.words.read_text(encoding="utf-8", errors="replace") if self.words.exists() else ""
        code = self.process.exitcode or 0
        if self.too_large:
            cause, words = Cause.MEMORY, f"it takes more than {self.limits.memory_mb} MB of memory"
        elif monotonic() > self.due or TIMEOUT in written:
            seconds = self.limits.job_seconds if self.network is None else self.limits.seconds
            cause, words = Cause.TIME, f"not within {seconds:g} s{_place(written)}"
        else:
            cause = Cause.KILLED if code in map(int.__neg__, _KILLERS) else Cause.CRASH
            words = _last_words(code, written)
        return WorkerDied(self.job, self.network, cause, words)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.words.unlink(missing_ok=True)


# the signals that a process gets from others, and by no fault of its code
_KILLERS = [getattr(signal, name) for name in ("SIGKILL", *ENDING) if hasattr(signal, name)]


@contextmanager
def signals_held_back() -> Iterator[None]:
    """A signal that comes within the block is met at its end: no process is started and then forgotten.

    A process that starts within it holds them back too. A terminal sends Ctrl-C to all: that is for the parent alone.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would be started within the block, and let interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {getattr(signal, name) for name in ENDING})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _last_words(code: int, written: str) -> str:
    """How a process ended, and what it wrote that tells most."""
    how = how_it_ended(code)
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    telling = next((line for line in lines if "Check failed" in line or "Fatal" in line), lines[-1] if lines else "")
    return f"{how}, {LOG_STAMP.sub('', telling)[:MOST_CHARACTERS]}" if telling else how


def _place(written: str) -> str:
    """Where the main thread was when its time was over, the innermost line of the user's own code before others."""
    main = written.rpartition("(most recent call first):\n")[2]
    frames = [found for line in main.splitlines() if (found := FRAME.match(line))]
    own = [found for found in frames if not any(place in found[1] for place in OTHERS)]
    if not frames:
        return ""
    file, line, function = (own or frames)[0].groups()
    return f"; it was in {function}, line {line} of {Path(file).name}"


class Pool:
    """At most `size` workers. They are started when there is work for them, and ended with the block.

    They are spawned, since PyTorch and JAX start threads which a fork would break. With `start` as "fork" they have
    whatever this process has, and no job of theirs may run JAX.
    """

    def __init__(self, size: int, limits: CaseLimits | None = None, start: str = "spawn") -> None:
        self.size, self.limits, self._start = size, limits or CaseLimits(), start
        self._workers: list[WorkerProcess] = []
        self._started = 0

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="backcheck-workers-", ignore_cleanup_errors=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._workers:
            self._workers.pop().end()
        self._folder.cleanup()

    def run(self, jobs: deque[Job]) -> Iterator[Event]:
        """What happens until no job is left; more may be put into the queue meanwhile. What a job raises is raised."""
        while jobs or self._busy:
            self._hand_out(jobs)
            for pipe in connection.wait([worker.pipe for worker in self._busy], LOOK_SECONDS):
                yield from self._heard(next(each for each in self._workers if each.pipe is pipe), jobs)
            for worker in self._busy:
                if not worker.process.is_alive() and not worker.pipe.poll():
                    yield self._died(worker)
                else:
                    worker.hold_to_limits()

    def call(self, job: Job, step: Callable[[int], None] = lambda network: None) -> Any:
        """The result of one job. Raises Ended where its worker dies of it."""
        for event in self.run(deque([job])):
            if isinstance(event, NetworkDone):
                step(event.network)
            elif isinstance(event, JobDone):
                return event.result
            else:
                raise Ended(event.words)
        raise AssertionError("a job ends in one of these ways")

    @property
    def _busy(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if worker.job is not None]

    def _hand_out(self, jobs: deque[Job]) -> None:
        while jobs and (worker := self._free(jobs[0].alone)) is not None:
            worker.give(jobs.popleft())

    def _free(self, alone: bool) -> WorkerProcess | None:
        """A worker without a job; a new one where a job is to be alone."""
        for worker in [each for each in self._workers if each.job is None]:
            if worker.new or not alone:
                return worker
            self._remove(worker)
        if len(self._workers) >= self.size:
            return None
        self._started += 1
        words = Path(self._folder.name) / str(self._started)
        with signals_held_back():
            self._workers.append(WorkerProcess(self.limits, words, self._start))
        return self._workers[-1]

    def _heard(self, worker: WorkerProcess, jobs: deque[Job]) -> Iterator[Event]:
        """One message of a worker. One that is gone is met once more, when the workers are looked at."""
        assert worker.job is not None
        try:
            kind, said = worker.pipe.recv()
        except (EOFError, OSError):
            yield self._died(worker)
            return
        if kind == "began":
            worker.begin(said)
        elif kind == "done":
            yield NetworkDone(worker.job, *said)
        elif kind == "renew":
            jobs.appendleft(worker.job)
            self._remove(worker)
        elif kind == "raised":
            error, cause = said
            raise error from cause
        else:
            done, alone = JobDone(worker.job, said), worker.job.alone
            worker.job = None
            if alone:
                self._remove(worker)
            yield done

    def _died(self, worker: WorkerProcess) -> WorkerDied:
        death = worker.death()
        self._remove(worker)
        return death

    def _remove(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        worker.end()


def how_it_ended(code: int) -> str:
    """The exit code of a process in words.

    >>> how_it_ended(7), how_it_ended(-99)
    ('exit code 7', 'signal 99')
    """
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # of another system, or a real-time signal, which has no name
        return f"signal {-code}"
