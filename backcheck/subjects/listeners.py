"""Who else hears of a check: the pytest plugin collects what tests ask, without their saying so."""

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
