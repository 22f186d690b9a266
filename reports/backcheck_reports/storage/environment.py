"""Where a run took place: whatever can move a last digit, as text.

Versions are read from the installed metadata. Importing torch or jax only to ask their version costs seconds, and
jax fixes its configuration at import.
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
_PLACE = re.compile(r"(DIR|PATH|HOME|FILE)$")  # where things lie moves no digit, and is nobody's business
_SECRET = re.compile(r"token|key|secret|passw|credential|auth", re.IGNORECASE)


def capture(folder: Path | str | None = None) -> dict[str, str]:
    """Everything by name. `folder` is the checkout to describe, the current one unless told."""
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
    """Linux says it in a file; elsewhere the platform module knows."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine() or "unknown"


def cores() -> str:
    """Of the machine, and how many of them this process may use where that is known and fewer."""
    total = os.cpu_count() or 0
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else total
    return str(total) if usable == total else f"{total}, of which {usable} usable"


def blas() -> str:
    """The BLAS that NumPy was built with. Another vendor sums in another order."""
    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index]
    except (TypeError, KeyError):
        return "unknown"
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def blas_threads() -> str:
    """What is loaded in this process at this moment, when threadpoolctl is there to ask."""
    try:
        pools = import_module("threadpoolctl").threadpool_info()
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    described = {f"{pool['internal_api']} {pool.get('version') or ''}".strip(): pool["num_threads"] for pool in pools}
    return ", ".join(f"{name}: {threads}" for name, threads in described.items()) or "no BLAS loaded"


def flags(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that change numerics. A value whose name looks secret is not shown."""
    names = sorted(name for name in environ if _NUMERIC.fullmatch(name) and not _PLACE.search(name))
    return {name: "(hidden)" if _SECRET.search(name) else environ[name] for name in names}


def git(folder: Path) -> dict[str, str]:
    """The commit and whether tracked files differ from it. Without git or a checkout: nothing."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"git commit": commit, "git dirty": "unknown" if changed is None else "yes" if changed else "no"}


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
