"""How long the forward and the backward of a rule take on one case of one side, and how much memory they hold.

The place of an array in memory changes the time of a sum by a third, and within one process it stays what it is. So
every reading puts its arrays in a new place: at another distance from the next cache line, with other holes in the heap
around it.
"""

import time
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck.regression.sides.loader import LoadedSide
from backcheck.strategies.case import Case

PHASES = ("forward", "backward")
LEAST_NANOSECONDS = 100_000  # of one reading
READINGS = 3  # of which the shortest counts: what disturbs a run only ever makes it longer
MOST_CALLS = 2000  # of one reading

Runs = tuple[Callable[[], Any], Callable[[], Any]]
CACHE_LINE = 64  # bytes
HOLES = 6
LARGE_ARRAY = 2**24  # bytes


class Clock:
    """The clock of one side, with the cases that it is to time."""

    def __init__(self, side: LoadedSide) -> None:
        self._side = side
        self._cases: dict[str, tuple[Case, dict[str, np.ndarray], np.ndarray]] = {}
        self._chance = np.random.default_rng()
        # until a large array is freed for the first time, malloc asks the system for each one anew, which takes twice
        # the time: one is freed here, on both sides
        np.empty(LARGE_ARRAY, np.uint8)

    def prepare(self, key: str, case: Mapping[str, Any]) -> None:
        """Keep the case under this key."""
        read = Case.from_json(case)
        self._cases[key] = read, *read.make()

    def calls(self, key: str, phase: str) -> int:
        """How many calls make a reading long enough."""
        with np.errstate(all="ignore"):
            run = self._runs(key)[PHASES.index(phase)]
            for _ in range(3):
                run()  # the first calls fill caches
            shortest = min(_reading(run, 3) for _ in range(3)) / 3
            return max(1, min(MOST_CALLS, round(LEAST_NANOSECONDS / max(1, shortest))))

    def read(self, key: str, phase: str, calls: int) -> float:
        """Nanoseconds of one call."""
        with np.errstate(all="ignore"):
            return min(self._reading(key, phase, calls) for _ in range(READINGS)) / calls

    def _reading(self, key: str, phase: str, calls: int) -> int:
        holes = [np.empty(int(size), np.uint8) for size in self._chance.integers(16, 40_000, HOLES)]
        run = self._runs(key)[PHASES.index(phase)]
        del holes[::2]
        run()
        return _reading(run, calls)

    def _runs(self, key: str) -> Runs:
        case, arrays, dy = self._cases[key]
        return _runs(self._side, case, {name: self._placed(array) for name, array in arrays.items()}, self._placed(dy))

    def _placed(self, array: np.ndarray) -> np.ndarray:
        """A copy that begins at any 16 bytes of a cache line."""
        room = np.empty(array.nbytes + 2 * CACHE_LINE, np.uint8)
        start = -room.ctypes.data % CACHE_LINE + 16 * int(self._chance.integers(CACHE_LINE // 16))
        copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        copy[...] = array
        return copy


def _reading(run: Callable[[], Any], calls: int) -> int:
    begin = time.perf_counter_ns()
    for _ in range(calls):
        run()
    return time.perf_counter_ns() - begin


def _runs(side: LoadedSide, case: Case, arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Runs:
    """What to time: forward and backward of the rule. An engine has one function for both, timed as backward."""
    if side.rules.engine is not None:
        engine = side.rules.engine
        return lambda: None, lambda: engine(case.network, dict(arrays), dy)
    node = case.network.nodes[0]
    rule, config = side.rules[node.rule], dict(node.config)
    inputs = [arrays[name] for name in node.reads]
    with np.errstate(all="ignore"):
        value, saved = rule.forward(*inputs, **config)
    own = _cotangent(value, dy, case.network.output)
    return lambda: rule.forward(*inputs, **config), lambda: rule.backward(saved, own)


def _cotangent(value: Any, dy: np.ndarray, output: str) -> Any:
    """The cotangent of the rule: where it has several outputs, those that are not the network's get zeros."""
    if not isinstance(value, tuple):
        return dy
    return tuple(dy if output.endswith(f".{at}") else np.zeros_like(part) for at, part in enumerate(value))


def runs(side: LoadedSide, case: Case) -> bool:
    """Can the case be run at all?"""
    try:
        with np.errstate(all="ignore"):
            for run in _runs(side, case, *case.make()):
                run()
    except Exception:  # what refuses a case is said where answers are compared
        return False
    return True


def peak(side: LoadedSide, case: Case) -> int:
    """Bytes that forward and backward together hold at the most, beyond what was there before."""
    arrays, dy = case.make()

    def forward_and_backward() -> None:
        with np.errstate(all="ignore"):
            if side.rules.engine is not None:
                side.rules.engine(case.network, arrays, dy)
                return
            node = case.network.nodes[0]
            rule = side.rules[node.rule]
            value, saved = rule.forward(*(arrays[name] for name in node.reads), **node.config)
            grads = rule.backward(saved, _cotangent(value, dy, case.network.output))
            del value, grads

    forward_and_backward()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        forward_and_backward()
        return max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
