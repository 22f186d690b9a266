"""The two sides timed in turn, and their peaks of memory."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from backcheck.regression import speed
from backcheck.regression.changes import Memory, Speed
from backcheck.regression.looking import Progress
from backcheck.regression.sessions import Pair, both
from backcheck.regression.speed import Timing


def first(
    pair: Pair, sized: Mapping[str, Sequence[Mapping[str, Any]]], engine: bool, progress: Progress
) -> list[tuple[Timing, Speed]]:
    """Every rule that both sides run, small and large, forward and backward; an engine has one time for both."""
    wanted = speed.timings(sized, speed.PHASES[1:] if engine else speed.PHASES)
    both(pair, "pin", _core())
    done = []
    for number, each in enumerate(wanted):
        done += [(each, found) for found in speed.measure([each], _clock(pair), len(wanted))]
        progress("timing", number + 1, len(wanted))
    return done


def again(pair: Pair, doubted: Sequence[tuple[Timing, Speed]], tests: int) -> list[Speed]:
    """What two pairs of processes say together."""
    both(pair, "pin", _core())
    second = speed.measure([timing for timing, _ in doubted], _clock(pair), tests)
    return [speed.confirmed(found, other) for (_, found), other in zip(doubted, second, strict=True)]


def runnable(pair: Pair, sized: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Those whose cases neither side refuses."""
    return {name: cases for name, cases in sized.items() if cases and _both_run(pair, cases)}


def _both_run(pair: Pair, cases: Sequence[Mapping[str, Any]]) -> bool:
    answers = both(pair, "answer", [(case, False) for case in cases], False)
    return not any(each.error or any(t.value is None for t in each.tensors.values()) for side in answers for each in side)


def memory(pair: Pair, rule: str, case: Mapping[str, Any]) -> Memory:
    old, new = both(pair, "peak", case)
    return Memory(rule, new / old if old else 1.0 if not new else float("inf"), old, new)


def _clock(pair: Pair) -> speed.Clock:
    return lambda side, *asked: pair[side].ask("time", asked[1], asked[0], *asked[2:])


def _core() -> int | None:
    """The last of the cores that this process may use: the first is where a machine's own work goes."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
