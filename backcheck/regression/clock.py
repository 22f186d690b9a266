"""One side's clock: how long a rule's forward and backward take on one case, and how much memory they reach for."""

import time
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck.case import Case
from backcheck.regression.loading import Loaded

PHASES = ("forward", "backward")
LONG = 150_000  # nanoseconds that one reading takes at the least
READINGS = 3  # of which the shortest counts: what disturbs a run only ever makes it longer
MOST = 2000  # calls of one reading

_RUNS: dict[tuple[int, str], tuple[Callable[[], Any], Callable[[], Any]]] = {}


def timed(side: Loaded, case: Mapping[str, Any], key: str, phase: str, calls: int) -> tuple[float, int]:
    """Nanoseconds of one call, and how many calls a reading has; `calls` 0 finds a number that lasts long enough."""
    runs = _RUNS.get((id(side), key))
    if runs is None:
        runs = _RUNS[id(side), key] = _runs(side, Case.from_json(case))
    run = runs[PHASES.index(phase)]
    with np.errstate(all="ignore"):
        calls = calls or _calls(run)
        return min(_reading(run, calls) for _ in range(READINGS)) / calls, calls


def _calls(run: Callable[[], Any]) -> int:
    for _ in range(3):
        run()  # the first calls fill caches
    return max(1, min(MOST, round(LONG / max(1, min(_reading(run, 3) for _ in range(3)) / 3))))


def _reading(run: Callable[[], Any], calls: int) -> int:
    begin = time.perf_counter_ns()
    for _ in range(calls):
        run()
    return time.perf_counter_ns() - begin


def _runs(side: Loaded, case: Case) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """What to time: the rule's two functions; an engine has one only, which is timed as its backward."""
    arrays, dy = case.make()
    if side.rules.engine is not None:
        engine = side.rules.engine
        return lambda: None, lambda: engine(case.network, arrays, dy)
    node = case.network.nodes[0]
    rule, config = side.rules[node.rule], dict(node.config)
    inputs = [arrays[name] for name in node.reads]
    with np.errstate(all="ignore"):
        _, saved = rule.forward(*inputs, **config)
    return lambda: rule.forward(*inputs, **config), lambda: rule.backward(saved, dy)


def peak(side: Loaded, case: Case) -> int:
    """Bytes that forward and backward together hold at the most, beyond what was there before."""
    arrays, dy = case.make()

    def both() -> None:
        with np.errstate(all="ignore"):
            if side.rules.engine is not None:
                side.rules.engine(case.network, arrays, dy)
                return
            node = case.network.nodes[0]
            rule = side.rules[node.rule]
            value, saved = rule.forward(*(arrays[name] for name in node.reads), **node.config)
            grads = rule.backward(saved, dy)
            del value, grads

    both()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        both()
        return max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
