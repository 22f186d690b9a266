"""Code under test that ends the process that checks it, or leaves it changed: neither reaches the caller.

`sys.exit()` and `os._exit()` become what any other exception of that code is: a finding, or the reason why nothing is
known. An interrupt of the user's is never taken for one of these: it goes through.
"""

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, ParamSpec, TypeVar

from backcheck.errors import COULD_NOT, BadInput, RuleError
from backcheck.process_state import state_kept

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class HardExit(SystemExit):
    """`os._exit` was called while code was checked."""


class _ExitGuard:
    """Stands for `os._exit` while somebody checks code. What the thread that checks calls becomes an exception; other
    threads end the process, though not with the exit code of success."""

    def __init__(self) -> None:
        self._lock, self._here = threading.Lock(), threading.local()
        self._holders, self._process, self._real = 0, 0, os._exit

    def __call__(self, status: int) -> NoReturn:
        if os.getpid() != self._process:  # a child that was forked ends as it always does
            self._real(status)
        if getattr(self._here, "depth", 0):
            raise HardExit(status)
        self._real(status or (COULD_NOT if self._holders else 0))

    @contextmanager
    def held(self) -> Iterator[None]:
        depth = getattr(self._here, "depth", 0)
        with self._lock:
            if not self._holders:
                self._process, self._real = os.getpid(), os._exit
                os._exit = self
            self._holders += 1
        self._here.depth = depth + 1
        try:
            yield
        finally:
            self._here.depth = depth
            with self._lock:
                self._holders -= 1
                if not self._holders:
                    os._exit = self._real


_GUARD = _ExitGuard()


@contextmanager
def no_exit(what: str = "the code under test") -> Iterator[None]:
    """Within the block nobody ends the process. Raises BadInput where somebody tries to, and nobody else has noticed.

    >>> with no_exit("the module"):
    ...     raise SystemExit(0)
    Traceback (most recent call last):
        ...
    backcheck.errors.BadInput: the module calls sys.exit(0), so nothing is known of it; remove the call
    """
    with _GUARD.held():
        try:
            yield
        except SystemExit as error:
            raise BadInput(f"{what} {raised(error)}, so nothing is known of it; remove the call") from error


@contextmanager
def contained() -> Iterator[None]:
    """Around one check: nobody ends the process, and afterwards it is as it was before. Also a decorator."""
    with state_kept(), no_exit():
        yield


def raised(error: BaseException) -> str:
    """What the code did, for a message.

    >>> raised(ValueError("3")), raised(SystemExit(0))
    ('raises ValueError: 3', 'calls sys.exit(0)')
    """
    if isinstance(error, SystemExit):
        return f"calls {'os._exit' if isinstance(error, HardExit) else 'sys.exit'}({error.code!r})"
    return f"raises {type(error).__name__}: {error}"


def without_exit(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function, with RuleError where it would end the process."""

    @functools.wraps(function)
    def call(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        try:
            return function(*arguments, **options)
        except SystemExit as error:
            raise RuleError(raised(error)) from error

    return call
