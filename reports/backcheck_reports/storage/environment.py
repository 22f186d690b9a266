"""The environment of a run, as text: everything that can change the last digit of a result.

Versions are read from the installed metadata. To import torch or jax only for their version would cost seconds, and
jax fixes its configuration when it is imported.
"""

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib import import_module, metadata
from pathlib import Path

import numpy as np

PACKAGES = ("numpy", "scipy", "torch", "jax", "jaxlib", "python-flint", "hypothesis")
_NUMERIC = re.compile(
    r"(OMP|OPENBLAS|GOTO|MKL|BLIS|VECLIB|NPY|XLA|JAX|TORCH|CUBLAS)_\w+|NVIDIA_TF32_OVERRIDE|PYTHONHASHSEED"
)
_PLACE = re.compile(r"(DIR|PATH|HOME|FILE)$")  # a path changes no digit, and is private
_SECRET = re.compile(r"token|key|secret|passw|credential|auth", re.IGNORECASE)


def capture(folder: Path | str | None = None) -> dict[str, str]:
    """Everything by its name. `folder` is the checkout whose commit is noted, by default the current folder."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "processor": cpu_model(),
        "cores": cores(),
        **{name: version(name) for name in PACKAGES},
        "BLAS": blas(),
        "BLAS threads": blas_threads(),
        **flags(os.environ),
        **git(Path(folder or Path.cwd())),
    }


def version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """From a file on Linux; from the platform module elsewhere."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine() or "unknown"


def cores() -> str:
    """The cores of the machine, and how many this process may use, where that is known and fewer."""
    total = os.cpu_count() or 0
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else total
    return str(total) if usable == total else f"{total}, of which {usable} usable"


def blas() -> str:
    """The BLAS that NumPy was built with. Each vendor sums in an order of its own, which moves last digits."""
    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    except (TypeError, KeyError):
        return "unknown"
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def blas_threads() -> str:
    """The BLAS libraries loaded in this process at this moment, if threadpoolctl is installed to list them."""
    try:
        pools = import_module("threadpoolctl").threadpool_info()
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    described = {f"{pool['internal_api']} {pool.get('version') or ''}".strip(): pool["num_threads"] for pool in pools}
    return ", ".join(f"{name}: {threads}" for name, threads in described.items()) or "no BLAS loaded"


def flags(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that change numerics. The value is hidden where the name looks like a secret."""
    names = sorted(name for name in environ if _NUMERIC.fullmatch(name) and not _PLACE.search(name))
    return {name: "(hidden)" if _SECRET.search(name) else environ[name] for name in names}


def git(folder: Path) -> dict[str, str]:
    """The commit, and whether tracked files differ from it; nothing without git or outside a checkout."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"git commit": commit, "git dirty": "unknown" if changed is None else "yes" if changed else "no"}


def _git(folder: Path, *arguments: str) -> str | None:
    # a folder's own configuration may name a program for `status` to run: core.fsmonitor
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
