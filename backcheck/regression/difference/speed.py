"""New time over old time, with an interval and a verdict, on a machine where others work too.

Both processes stay on one core and are read in turn, forwards and backwards (old new, new old, ...), so that what slows
the machine slows both. Of each turn only the ratio is kept. The interval is that of the sign test for the median: it
assumes nothing about how noise is distributed. Its confidence is shared out over the whole table (Bonferroni), and what
looks faster or slower is measured again in two new processes, since the place where a process happens to lie in memory
moves times by some per cent: only what both say is said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, exp, log
from statistics import median
from typing import Any

from backcheck.regression.difference.changes import Speed
from backcheck.regression.sides.clock import PHASES

NOTICEABLE = 1.1  # a ratio within 1/1.1 .. 1.1 is "same"
DOUBT = 0.01  # that the whole table holds a verdict by chance, noise that is equally likely on both sides given
ROUNDS = 25
FASTER, SAME, SLOWER, UNKNOWN = "faster", "same", "slower", "cannot tell"
SIZES = ("small", "large")

# nanoseconds of one call of a phase, on side 0 or 1
Clock = Callable[[int, "Timing"], float]


@dataclass(frozen=True, slots=True)
class Timing:
    """What is to be timed: one rule's phase on one case."""

    rule: str
    phase: str
    size: str
    case: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.rule}/{self.size}"


def timings(sized: Mapping[str, Sequence[Mapping[str, Any]]], phases: Sequence[str] = PHASES) -> list[Timing]:
    return [
        Timing(rule, phase, size, case)
        for rule, cases in sized.items()
        for size, case in zip(SIZES, cases, strict=False)
        for phase in phases
    ]


def measure(wanted: Iterable[Timing], clock: Clock, tests: int, rounds: int = ROUNDS) -> list[Speed]:
    """Each timing with its interval; `tests` is how many share the doubt."""
    return [_measured(each, clock, tests, rounds) for each in wanted]


def _measured(timing: Timing, clock: Clock, tests: int, rounds: int) -> Speed:
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            times[side].append(clock(side, timing))
    ratios = [new / old for old, new in zip(*times, strict=True)]
    low, high = interval(ratios, DOUBT / max(1, tests))
    old, new = (median(each) / 1000 for each in times)
    said = verdict(low, high)
    return Speed(timing.rule, timing.phase, timing.size, median(ratios), low, high, said, old, new)


def interval(values: Sequence[float], doubt: float) -> tuple[float, float]:
    """Within which the median lies, wrong with at most this probability; everything when the values are too few."""
    ordered, n = sorted(values), len(values)
    tail, out = 0.0, -1
    while out + 1 < n / 2:
        tail += comb(n, out + 1) / 2**n
        if 2 * tail > doubt:
            break
        out += 1
    return (0.0, float("inf")) if out < 0 else (ordered[out], ordered[n - 1 - out])


def verdict(low: float, high: float, noticeable: float = NOTICEABLE) -> str:
    if low > noticeable:
        return SLOWER
    if high < 1 / noticeable:
        return FASTER
    return SAME if low >= 1 / noticeable and high <= noticeable else UNKNOWN


def confirmed(first: Speed, again: Speed) -> Speed:
    """What two measurements say together: the interval that holds both, and a verdict only where they agree."""
    low, high = min(first.low, again.low), max(first.high, again.high)
    ratio = exp((log(first.ratio) + log(again.ratio)) / 2)
    said = first.verdict if first.verdict == again.verdict else UNKNOWN
    return replace(first, ratio=ratio, low=low, high=high, verdict=said)


def suspicious(speed: Speed, limit: float) -> bool:
    """Is it to be measured again: does it look faster, slower, or slower than is let pass?"""
    return speed.verdict in (FASTER, SLOWER) or speed.low > limit
