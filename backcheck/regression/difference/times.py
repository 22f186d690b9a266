"""The two sides timed in turn, and their peaks of memory."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from backcheck.regression.difference import speed
from backcheck.regression.difference.changes import Memory, Speed
from backcheck.regression.difference.collection import Progress
from backcheck.regression.difference.speed import Timing
from backcheck.regression.sides.processes import Pair, both


def first(
    pair: Pair, sized: Mapping[str, Sequence[Mapping[str, Any]]], engine: bool, progress: Progress
) -> list[tuple[Timing, Speed]]:
    """Every rule that both sides run, small and large, forward and backward; an engine has one time for both."""
    wanted = speed.timings(sized, speed.PHASES[1:] if engine else speed.PHASES)
    both(pair, "pin", _core())
    done, watches = [], _Watches(pair)
    for number, each in enumerate(wanted):
        done += [(each, found) for found in speed.measure([each], watches, len(wanted))]
        progress("timing", number + 1, len(wanted))
    return done


def again(pair: Pair, doubted: Sequence[tuple[Timing, Speed]], tests: int) -> list[Speed]:
    """What two pairs of processes say together."""
    both(pair, "pin", _core())
    second = speed.measure([timing for timing, _ in doubted], _Watches(pair), tests)
    return [speed.confirmed(found, other) for (_, found), other in zip(doubted, second, strict=True)]


def runnable(pair: Pair, sized: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Those whose cases neither side refuses."""
    return {name: cases for name, cases in sized.items() if cases and _both_run(pair, cases)}


def _both_run(pair: Pair, cases: Sequence[Mapping[str, Any]]) -> bool:
    return all(all(runs) for runs in both(pair, "runs", cases))


def memory(pair: Pair, rule: str, case: Mapping[str, Any]) -> Memory:
    old, new = both(pair, "peak", case)
    return Memory(rule, new / old if old else 1.0 if not new else float("inf"), old, new)


class _Watches:
    """A clock on each side. Both make as many calls in a reading: as many as the slower needs."""

    def __init__(self, pair: Pair) -> None:
        self._pair, self._calls, self._ready = pair, dict[tuple[str, str], int](), set[str]()

    def __call__(self, side: int, timing: Timing) -> float:
        key = timing.key, timing.phase
        if timing.key not in self._ready:
            both(self._pair, "prepare", timing.key, timing.case)
            self._ready.add(timing.key)
        if key not in self._calls:
            counts = [session.ask("calls", *key) for session in self._pair]
            self._calls[key] = min(counts)
        return float(self._pair[side].ask("read", *key, self._calls[key]))


def _core() -> int | None:
    """The last of the cores that this process may use: the first is where a machine's own work goes."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
