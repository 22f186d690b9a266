"""One check in a process of its own, which may end it."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from backcheck.errors import Ended
from backcheck.processes.pool import Pool
from backcheck.processes.worker import Job, Steps

# checks one network with these oracles; a process of its own must be able to import it
CheckOfNetwork = Callable[[Sequence[str]], object]


def last_words(check: CheckOfNetwork, oracles: Sequence[str]) -> str | None:
    """What a process writes before this check ends it; None where the process lives."""
    with Pool(1) as pool:
        try:
            pool.call(Job(alone, (check, tuple(oracles)), alone=True))
        except Ended as error:
            return str(error)
    return None


def alone(check: CheckOfNetwork, oracles: tuple[str, ...], steps: Steps) -> None:
    """The job of the process."""
    with suppress(Exception):  # what can be caught is a verdict, or a bug that the run reports by itself
        check(oracles)
