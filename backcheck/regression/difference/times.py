"""The readings of the two clocks, taken in turn, and the two peaks of memory."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from backcheck.regression.difference import speed
from backcheck.regression.difference.changes import Memory, TimeRatio
from backcheck.regression.difference.observations import Progress
from backcheck.regression.difference.speed import Timing
from backcheck.regression.sides.clock import PHASES
from backcheck.regression.sides.processes import BothSides, ask_both


def first(
    pair: BothSides, sized: Mapping[str, Sequence[Mapping[str, Any]]], engine: bool, progress: Progress
) -> list[tuple[Timing, TimeRatio]]:
    """Every rule that both sides run, small and large, forward and backward; an engine has one time for both."""
    wanted = speed.timings(sized, PHASES[1:] if engine else PHASES)
    ask_both(pair, "pin", _core())
    done, clocks = [], _TwoClocks(pair)
    for number, each in enumerate(wanted):
        done += [(each, found) for found in speed.measure([each], clocks, len(wanted))]
        progress("timing", number + 1, len(wanted))
    return done


def again(pair: BothSides, doubted: Sequence[tuple[Timing, TimeRatio]], tests: int) -> list[TimeRatio]:
    """What the first measurement and a second one, in other processes, say together."""
    ask_both(pair, "pin", _core())
    second = speed.measure([timing for timing, _ in doubted], _TwoClocks(pair), tests)
    return [speed.confirmed(found, other) for (_, found), other in zip(doubted, second, strict=True)]


def runnable(
    pair: BothSides, sized: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Those whose cases neither side refuses."""
    return {name: cases for name, cases in sized.items() if cases and all(map(all, ask_both(pair, "runs", cases)))}


def memory(pair: BothSides, rule: str, case: Mapping[str, Any]) -> Memory:
    old, new = ask_both(pair, "peak", case)
    return Memory(rule, new / old if old else 1.0 if not new else float("inf"), old, new)


class _TwoClocks:
    """The clocks of the two sides. A reading makes the same number of calls on both, the smaller one that they need."""

    def __init__(self, pair: BothSides) -> None:
        self._pair, self._calls, self._ready = pair, dict[tuple[str, str], int](), set[str]()

    def __call__(self, side: int, timing: Timing) -> float:
        key = timing.key, timing.phase
        if timing.key not in self._ready:
            ask_both(self._pair, "prepare", timing.key, timing.case)
            self._ready.add(timing.key)
        if key not in self._calls:
            self._calls[key] = min(process.ask("calls", *key) for process in self._pair)
        return float(self._pair[side].ask("read", *key, self._calls[key]))


def _core() -> int | None:
    """The last of the cores that this process may use: the system itself works on the first."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
