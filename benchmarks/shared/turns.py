"""Two sides timed turn by turn, so that a busy machine slows both and not one."""

import time
from collections.abc import Callable

Work = Callable[[], object]


def seconds(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def turn(ours: Work, theirs: Work, number: int) -> tuple[float, float]:
    """The seconds of both sides. Who goes first alternates with the number: the second one finds other caches."""
    if number % 2:
        other = seconds(theirs)
        return seconds(ours), other
    return seconds(ours), seconds(theirs)
