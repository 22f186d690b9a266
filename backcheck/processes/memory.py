"""How much memory there is, how much a process holds, and how many workers fit.

A container has less than its machine: the limits of its control group count too.
"""

import ctypes
import gc
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from backcheck.errors import BadInput

MB = 10**6
WORKER_MB = 2000  # with PyTorch and JAX a worker begins at 400, and JAX keeps 7 more for every network that it compiles
LEAST_MB = 1000  # half of it is more than a worker begins with
GROUPS = Path("/sys/fs/cgroup")  # on Linux; elsewhere there is none
# files of a control group: what it may hold and what it holds, of version 2 and of version 1
GROUP_FILES = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


def held_by(process: int | None = None) -> int:
    """The bytes of memory that a process holds, this one unless said; 0 where it is gone."""
    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return 0


def address_space() -> int:
    """The bytes of addresses that this process has, used or not; 0 where that cannot be told."""
    try:
        return int(psutil.Process().memory_info().vms)
    except psutil.Error:
        return 0


def available() -> int:
    """The bytes that further processes can have."""
    groups = [GROUPS, *_own_groups()]
    limits = (_left(group, *files) for group in groups for files in GROUP_FILES)
    return min([int(psutil.virtual_memory().available), *(left for left in limits if left is not None)])


def _own_groups() -> list[Path]:
    """The control group of this process and those around it, where they can be seen."""
    with suppress(OSError):
        own = re.search(r"^0::/(.+)$", Path("/proc/self/cgroup").read_text(encoding="utf-8"), re.MULTILINE)
        if own is not None:
            path = GROUPS / own[1]
            return [path, *(parent for parent in path.parents if GROUPS in parent.parents)]
    return []


def _left(group: Path, most: str, used: str) -> int | None:
    """What a control group leaves; None where it sets no limit."""
    try:
        return max(0, int((group / most).read_text()) - int((group / used).read_text()))
    except (OSError, ValueError):  # no such group, or "max"
        return None


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def workers_that_fit(worker_mb: int = WORKER_MB) -> int:
    """One for each core, and no more than the memory holds; one at least."""
    return max(1, min(cores(), available() // (worker_mb * MB)))


def require_enough(name: str, worker_mb: int) -> None:
    """Raises BadInput for less memory than a worker needs before its first network."""
    if worker_mb < LEAST_MB:
        raise BadInput(f"{name} must be at least {LEAST_MB} MB, twice what a worker begins with; got {worker_mb}")


def give_back() -> None:
    """Forget what JAX has compiled, which the cache on the disk still has, and hand free memory back to the system."""
    if "jax" in sys.modules:
        from backcheck_reference.frameworks.jax_pieces import forget

        forget()
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # glibc's alone; other systems do it by themselves, or never
        ctypes.CDLL(None).malloc_trim(0)
