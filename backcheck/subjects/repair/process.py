"""A search in a process of its own, with limits on time and memory, which may end at any moment.

The process is forked, so that it has what the caller has: functions of a notebook, objects, closures. Edits exchange
the code of functions there, which the caller never sees.
"""

import importlib
import itertools
import multiprocessing
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from backcheck.processes import memory
from backcheck.processes.pool import JobDone, NetworkDone, Pool
from backcheck.processes.worker import CaseLimits, Job, Steps
from backcheck.subjects.power.own_power import without_main
from backcheck.subjects.repair.fix import Fix

MOST_DEATHS = 3
GRACE_SECONDS = 75.0  # for the proof of what was found at the end of the time
MORE_MEMORY_MB = 2000  # than the caller has
DEATHS = "no fix is known: edits that were tried ended their process, again and again"

SearchJob = Callable[[frozenset[int], Callable[[int], None]], Fix]

_LIVE: dict[int, SearchJob] = {}  # what a forked process finds in its copy of this one
_TOKENS = itertools.count()


def in_own_process(job: SearchJob, seconds: float, progress: Callable[[int], None], start: str = "fork") -> Fix:
    """What `job(skipped, told)` finds. It tells before each batch of edits which one it is; a batch that ends its
    process is left out, and the search begins again. A process that is spawned is sent the job."""
    token, skipped = next(_TOKENS), frozenset[int]()
    _LIVE[token] = job
    sent = job if start == "spawn" else None
    limits = CaseLimits(seconds + GRACE_SECONDS, memory.held_by() // memory.MB + MORE_MEMORY_MB)
    try:
        for _ in range(MOST_DEATHS):
            last = -1
            with without_main(), Pool(1, limits, start=start) as pool:
                for event in pool.run(deque([Job(_searched, (token, sent, skipped), alone=True)])):
                    if isinstance(event, JobDone):
                        found: Fix = event.result
                        return found
                    last = last if event.network is None else event.network
                    if isinstance(event, NetworkDone):
                        progress(event.network)
            skipped |= {last}
    finally:
        del _LIVE[token]
    return Fix(reason=DEATHS)


def _searched(token: int, sent: SearchJob | None, skipped: frozenset[int], steps: Steps) -> Fix:
    if sent is None:  # a new process will still load libraries, which take gigabytes of addresses
        _limit_memory()

    def told(batch: int) -> None:
        steps.alive(batch)
        steps.done(batch, False)

    return (sent or _LIVE[token])(skipped, told)


def _limit_memory() -> None:
    """An edit that asks for all memory gets an error at once, where the system knows such limits."""
    with suppress(ImportError, ValueError, OSError, AttributeError):
        resource: Any = importlib.import_module("resource")
        own = memory.address_space()
        if own:
            resource.setrlimit(resource.RLIMIT_AS, (own + MORE_MEMORY_MB * memory.MB, resource.RLIM_INFINITY))


def can_fork() -> bool:
    """Are there forked processes here? Not on Windows."""
    return "fork" in multiprocessing.get_all_start_methods() and sys.platform != "win32"
