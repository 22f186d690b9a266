"""Where the time of a check of a kernel goes: the kernel's own calls, and the questions beside its numbers."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from backcheck.subjects.kernels import entry
from backcheck.subjects.kernels.calls.forms import TorchKernel
from backcheck.subjects.kernels.calls.memory import GuardedMemory


@dataclass(slots=True)
class KernelTime:
    """Seconds of the processor in one check.

    own     in the kernel's own code, forward and backward, without what watches its memory there
    calls   how often it was called
    beside  in the questions beside the numbers, without the kernel's own code
    """

    whole: float = 0.0
    own: float = 0.0
    calls: int = 0
    beside: float = 0.0


def seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def time_of_check(work: Callable[[], Any]) -> KernelTime:
    found = KernelTime()
    with _counted(found):
        found.whole = seconds(work)
    return found


@contextmanager
def _counted(found: KernelTime) -> Iterator[None]:
    inside = [False]

    def of_kernel(function: Any, is_call: bool) -> Any:
        def run(self: Any, *given: Any) -> Any:
            found.calls += is_call
            start, inside[0] = time.process_time(), True
            try:
                return function(self, *given)
            finally:
                found.own += time.process_time() - start
                inside[0] = False

        return run

    def of_memory(function: Any) -> Any:
        def run(self: Any, *given: Any, **how: Any) -> Any:
            start = time.process_time()
            try:
                return function(self, *given, **how)
            finally:
                found.own -= (time.process_time() - start) * inside[0]

        return run

    def of_circumstances(function: Any) -> Any:
        def run(given: Any) -> Any:
            start, own = time.process_time(), found.own
            try:
                return function(given)
            finally:
                found.beside += time.process_time() - start - (found.own - own)

        return run

    with ExitStack() as stack:
        for place, name, wrapped in (
            (TorchKernel, "forward", of_kernel(TorchKernel.forward, True)),
            (TorchKernel, "backward", of_kernel(TorchKernel.backward, False)),
            (GuardedMemory, "hold", of_memory(GuardedMemory.hold)),
            (entry, "under_all_circumstances", of_circumstances(entry.under_all_circumstances)),
        ):
            stack.enter_context(patch.object(place, name, wrapped))
        yield
