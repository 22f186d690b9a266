"""New time over old time, with an interval and a verdict, on a machine that does other work too.

Both processes stay on one core and are read in turn, in changing order (old new, new old, ...), so that what slows the
machine slows both. Of each turn only the ratio is kept. The interval is that of the sign test for the median, which
assumes nothing about the distribution of noise. Its confidence is shared out over the whole table (Bonferroni). What
looks faster or slower is measured again in two new processes, since the place of a process in memory changes times by
some per cent; a verdict stands only where both measurements have it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, exp, log
from statistics import median
from typing import Any

from backcheck.regression.difference.changes import TimeRatio
from backcheck.regression.sides.clock import PHASES

NOTICEABLE = 1.1  # a ratio within 1/1.1 .. 1.1 is "same"
DOUBT = 0.01  # the chance that any verdict of the whole table comes from noise alone
ROUNDS = 25
FASTER, AS_FAST, SLOWER, CANNOT_TELL = "faster", "same", "slower", "cannot tell"
CASE_SIZES = ("small", "large")

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
        for size, case in zip(CASE_SIZES, cases, strict=False)
        for phase in phases
    ]


def measure(wanted: Iterable[Timing], clock: Clock, tests: int, rounds: int = ROUNDS) -> list[TimeRatio]:
    """Each timing with its interval; `tests` is how many share the doubt."""
    return [_measured(each, clock, tests, rounds) for each in wanted]


def _measured(timing: Timing, clock: Clock, tests: int, rounds: int) -> TimeRatio:
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            times[side].append(clock(side, timing))
    ratios = [new / old for old, new in zip(*times, strict=True)]
    low, high = interval(ratios, DOUBT / max(1, tests))
    old, new = (median(each) / 1000 for each in times)
    said = verdict(low, high)
    return TimeRatio(timing.rule, timing.phase, timing.size, median(ratios), low, high, said, old, new)


def interval(values: Sequence[float], doubt: float) -> tuple[float, float]:
    """The interval that holds the median but for this probability; everything when the values are too few."""
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
    return AS_FAST if low >= 1 / noticeable and high <= noticeable else CANNOT_TELL


def confirmed(first: TimeRatio, again: TimeRatio) -> TimeRatio:
    """What two measurements say together: the interval that holds both, and a verdict only where they agree."""
    low, high = min(first.low, again.low), max(first.high, again.high)
    ratio = exp((log(first.ratio) + log(again.ratio)) / 2)
    said = first.verdict if first.verdict == again.verdict else CANNOT_TELL
    return replace(first, ratio=ratio, low=low, high=high, verdict=said)


def suspicious(speed: TimeRatio, limit: float) -> bool:
    """Is it to be measured again: does it look faster or slower, or perhaps slower than the limit?"""
    return speed.verdict in (FASTER, SLOWER) or speed.low > limit
