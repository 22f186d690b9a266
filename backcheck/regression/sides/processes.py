"""Two processes, one for each side, and how they are asked: both at once for answers, in turn for times."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from backcheck.errors import BackcheckError, BadInput
from backcheck.regression.sides.source import Side
from backcheck.regression.sides.worker import serve

SECONDS = 900  # that one request may take


class CouldNot(BackcheckError, RuntimeError):
    """A side cannot be compared: its code cannot be loaded, its process died or never answered."""


class Session:
    """One side's process. A request is sent and its reply received; or both in one, with `ask`."""

    def __init__(self, side: Side, where: str | None, name: str) -> None:
        self.side, self.name = side, name
        context = multiprocessing.get_context("spawn")  # a fork would share the modules that are to differ
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, str(side.root), where), daemon=True)
        self._process.start()
        theirs.close()

    def started(self) -> Self:
        """Wait until the side's code is loaded. Raises CouldNot when it cannot be."""
        kind, said = self._receive()
        if kind != "ready":
            raise CouldNot(f"the {self.name} side, {self.side.title}: {said}")
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
            if self._pipe.poll(SECONDS):
                return self._pipe.recv()  # type: ignore[no-any-return]
        except (EOFError, OSError):
            raise CouldNot(self._died()) from None
        raise CouldNot(f"the {self.name} side, {self.side.title}, has not answered in {SECONDS} s; does its code hang?")

    def _died(self) -> str:
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


Pair = tuple[Session, Session]


@contextmanager
def sessions(
    old: Side, new: Side, old_subject: str | None, new_subject: str | None, swap: bool = False
) -> Iterator[Pair]:
    """Both sides, loaded; with `swap` the new one is started first. Raises CouldNot."""
    specs = [(old, old_subject, "old"), (new, new_subject, "new")]
    made: dict[str, Session] = {}
    try:
        for spec in reversed(specs) if swap else specs:
            made[spec[2]] = Session(*spec)
        yield made["old"].started(), made["new"].started()
    finally:
        for session in made.values():
            session.close()


@contextmanager
def session(side: Side, where: str | None, name: str) -> Iterator[Session]:
    """One more process with a side's code."""
    one = Session(side, where, name)
    try:
        yield one.started()
    finally:
        one.close()


def both(pair: Pair, request: str, *arguments: Any) -> tuple[Any, Any]:
    """The same request to both at once; (old, new)."""
    for session in pair:
        session.send(request, *arguments)
    old, new = (session.receive() for session in pair)
    return old, new


__all__ = ["BadInput", "CouldNot", "Pair", "Session", "both", "session", "sessions"]
