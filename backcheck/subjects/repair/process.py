"""The search in a process of its own, with limits on time and memory, and which may end at any moment.

The process is forked, so that it has what the caller has: functions of a notebook, objects, closures. Edits exchange
the code of functions, which the caller never sees. JAX does not survive a fork: its code is imported anew by its name.
"""

import importlib
import itertools
import multiprocessing
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from backcheck.processes import memory
from backcheck.processes.pool import JobDone, NetworkDone, Pool
from backcheck.processes.worker import CaseLimits, Job, Steps
from backcheck.session import asked, asking
from backcheck.subjects.repair.fix import Fix
from backcheck.subjects.repair.outcome import outcome_of
from backcheck.subjects.repair.questions import Questions
from backcheck.subjects.repair.search import RepairSearch
from backcheck.subjects.result.check import Check
from backcheck.verdicts.parties import calm

MOST_DEATHS = 3
GRACE_SECONDS = 30.0  # for the proof of what was found at the end of the time
MORE_MEMORY_MB = 2000  # than the caller has
JUDGES = ("exact",)  # and differences where there is no exact arithmetic


@dataclass(frozen=True, slots=True)
class Search:
    """What is to be repaired, and within which limits."""

    questions: Questions
    failure: Check
    draws: int
    seed: int
    seconds: float


_LIVE: dict[int, Search] = {}  # what a forked process finds in its copy of this one
_TOKENS = itertools.count()


def in_own_process(what: Search, progress: Callable[[int], None] = lambda tried: None) -> Fix:
    """What the search finds. A candidate that ends its process is left out, and the search begins again."""
    token, skipped = next(_TOKENS), frozenset[int]()
    _LIVE[token] = what
    held = memory.held_by() // memory.MB + MORE_MEMORY_MB
    limits = CaseLimits(seconds=what.seconds + GRACE_SECONDS, memory_mb=held)
    try:
        for _ in range(MOST_DEATHS):
            last = -1
            with Pool(1, limits, start="fork") as pool:
                for event in pool.run(deque([Job(_searched, (token, skipped))])):
                    if isinstance(event, JobDone):
                        found: Fix = event.result
                        return found
                    if isinstance(event, NetworkDone):
                        progress(event.network)
                        last = event.network
                    else:
                        last = event.network if event.network is not None else last
            skipped |= {last}
    finally:
        del _LIVE[token]
    return Fix(reason="no fix is known: candidates ended the process that tried them, again and again")


def _searched(token: int, skipped: frozenset[int], steps: Steps) -> Fix:
    return search(_LIVE[token], skipped, steps)


def search(what: Search, skipped: frozenset[int], steps: Steps) -> Fix:
    """The job of the process."""
    calm()
    _limit_memory()

    def told(batch: int) -> None:
        steps.alive(batch)
        steps.done(batch, False)

    settings = replace(
        asked(), coverage=False, shrinks=False, oracles=JUDGES, seconds=min(asked().seconds, what.seconds)
    )
    with asking(settings):
        run = RepairSearch(what.questions, what.failure, what.draws, what.seed, what.seconds, told, skipped)
        run.run()
        return outcome_of(run)


def _limit_memory() -> None:
    """A candidate that asks for a tensor of all memory gets an error at once, where the system knows such limits."""
    with suppress(ImportError, ValueError, OSError, AttributeError):
        resource: Any = importlib.import_module("resource")
        own = memory.address_space()
        if own:
            resource.setrlimit(resource.RLIMIT_AS, (own + MORE_MEMORY_MB * memory.MB, resource.RLIM_INFINITY))


def can_fork() -> bool:
    """Are there forked processes here? Not on Windows."""
    return "fork" in multiprocessing.get_all_start_methods() and sys.platform != "win32"
