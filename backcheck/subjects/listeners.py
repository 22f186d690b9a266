"""Functions that are told of every check. The pytest plugin collects in this way what the tests of a session check."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")

_LISTENERS: list[Callable[[Any], None]] = []


def announce(outcome: Outcome) -> Outcome:
    """Tell every listener of a Check or a Verification, and hand it on."""
    for listener in tuple(_LISTENERS):
        listener(outcome)
    return outcome


@contextmanager
def listening(listener: Callable[[Any], None]) -> Iterator[None]:
    """Within the block `listener` hears of every outcome."""
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)
