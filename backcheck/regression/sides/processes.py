"""The two processes, one for each side: how they are started and asked, and what is said when one of them dies.

Both are asked at once for answers, and in turn for times.
"""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from backcheck.processes.pool import signals_held_back
from backcheck.regression.sides.source import CouldNot, Side
from backcheck.regression.sides.worker import serve

REQUEST_SECONDS = 900


class SideProcess:
    """One side's process. `ask` sends a request and receives the reply; `send` and `receive` do one of the two."""

    def __init__(self, side: Side, where: str | None, name: str) -> None:
        self.side, self.name = side, name
        context = multiprocessing.get_context("spawn")  # a fork would inherit the modules that are to differ
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, str(side.root), where), daemon=True)
        with signals_held_back():
            self._process.start()
        theirs.close()

    def loaded(self) -> Self:
        """Wait until the side's code is loaded. Raises CouldNot when it cannot be."""
        kind, said = self._receive()
        if kind != "ready":
            lacks = f"; {self.side.lacks}" if self.side.lacks else ""
            raise CouldNot(f"the {self.name} side, {self.side.title}: {said}{lacks}")
        return self

    def send(self, request: str, *arguments: Any) -> None:
        try:
            self._pipe.send((request, arguments))
        except (BrokenPipeError, OSError):
            raise CouldNot(self._died()) from None

    def receive(self) -> Any:
        kind, reply = self._receive()
        if kind != "done":
            raise CouldNot(f"the {self.name} side failed; this is a bug of backcheck's:\n{reply}")
        return reply

    def ask(self, request: str, *arguments: Any) -> Any:
        self.send(request, *arguments)
        return self.receive()

    def _receive(self) -> tuple[str, Any]:
        try:
            if self._pipe.poll(REQUEST_SECONDS):
                return self._pipe.recv()  # type: ignore[no-any-return]
        except (EOFError, OSError):
            raise CouldNot(self._died()) from None
        raise CouldNot(
            f"the {self.name} side, {self.side.title}, has not answered in {REQUEST_SECONDS} s; does its code hang?"
        )

    def _died(self) -> str:
        """The sentence for a process that is gone."""
        self._process.join(5)
        code = self._process.exitcode
        return (
            f"the process of the {self.name} side, {self.side.title}, ended with {code}; its code may have crashed it"
        )

    def close(self) -> None:
        with suppress(OSError):
            self._pipe.send(None)
        self._pipe.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


BothSides = tuple[SideProcess, SideProcess]


@contextmanager
def two_processes(
    old: Side, new: Side, old_subject: str | None, new_subject: str | None, swap: bool = False
) -> Iterator[BothSides]:
    """Both sides, loaded. With `swap` the new one is started first. Raises CouldNot."""
    specs = [(old, old_subject, "old"), (new, new_subject, "new")]
    started: dict[str, SideProcess] = {}
    try:
        for spec in reversed(specs) if swap else specs:
            started[spec[2]] = SideProcess(*spec)
        yield started["old"].loaded(), started["new"].loaded()
    finally:
        for process in started.values():
            process.close()


@contextmanager
def one_process(side: Side, where: str | None, name: str) -> Iterator[SideProcess]:
    """A further process with a side's code."""
    process = SideProcess(side, where, name)
    try:
        yield process.loaded()
    finally:
        process.close()


def ask_each(pair: BothSides, request: str, old: Any, new: Any, *arguments: Any) -> tuple[Any, Any]:
    """The same with a first argument of its own for each side."""
    for process, own in zip(pair, (old, new), strict=True):
        process.send(request, own, *arguments)
    return pair[0].receive(), pair[1].receive()


def ask_both(pair: BothSides, request: str, *arguments: Any) -> tuple[Any, Any]:
    """The replies to one request, old and new; both processes work at the same time."""
    for process in pair:
        process.send(request, *arguments)
    old, new = (process.receive() for process in pair)
    return old, new
