"""No call is made that exists on one system only: every module is imported, and the parts that touch the system are
used, in a process from which all that Windows lacks is taken away."""

import os
import subprocess
import sys

import pytest

from tests.house.modules import ROOT, modules

# third-party packages look at the system when they are imported: that comes first, or not at all
SCRIPT = """
import concurrent.futures, ctypes, getpass, importlib, locale, multiprocessing.connection, pathlib, platform, sys, types
import os, signal, socket, tempfile, threading, time, warnings
import click, hypothesis, hypothesis.strategies, jaxtyping, jinja2, numpy as np, numpy.testing, pytest, rich.console
import rich.progress, scipy.linalg, scipy.special, ml_dtypes, flint, msgspec, psutil
import hypothesis.extra.numpy

MODULES, SYSTEM = sys.argv[2].split(","), sys.argv[1]
GONE = {
    "win32": (
        "fork forkpty getuid geteuid getgid getegid getppid setsid setpgid killpg nice uname statvfs getloadavg mkfifo "
        "chown lchown fchmod fchown sched_getaffinity sched_setaffinity sched_yield register_at_fork posix_spawn "
        "sysconf O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY set_blocking getrandom wait3 wait4",
        "SIGKILL SIGHUP SIGALRM SIGCHLD SIGPIPE SIGUSR1 SIGUSR2 SIGQUIT SIGSTOP SIGCONT alarm setitimer getitimer "
        "pause pthread_sigmask pthread_kill sigwait siginterrupt ITIMER_REAL SIG_BLOCK SIG_UNBLOCK",
        "fcntl resource pwd grp termios tty pty posix spwd syslog threadpoolctl torch",
    ),
    "darwin": (
        "sched_getaffinity sched_setaffinity sched_setscheduler getrandom memfd_create pidfd_open posix_fadvise",
        "sigtimedwait sigwaitinfo SIGPWR SIGRTMIN SIGRTMAX SIGSTKFLT SIGPOLL",
        "msvcrt winreg spwd",
    ),
}
of_os, of_signal, refused = (text.split() for text in GONE[SYSTEM])
for module, names in ((os, of_os), (signal, of_signal)):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
signal.valid_signals = lambda: {2, 4, 8, 11, 15, 22}

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
for name in refused:
    sys.modules.pop(name, None)
sys.platform = SYSTEM
taken = []
if SYSTEM == "win32":
    lock = lambda file, mode, size: taken.append((mode, size))
    sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=lock)

for name in MODULES:
    importlib.import_module(name)

import backcheck
from backcheck.processes.pool import how_it_ended
from backcheck.containment import contained
from backcheck_reports import ShardWriter, capture
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.environment import cpu_model
from backcheck_reports.storage.lock import locked

assert cpu_model(pathlib.Path("/nowhere/cpuinfo"))
assert capture()["cores"]
with contained():
    os.environ["X"] = "1"
assert "X" not in os.environ
assert backcheck.check_vjp(lambda x: (x * x, x), lambda x, dy: 2 * x * dy, [0.5]).verdict == "agree"
with tempfile.TemporaryDirectory() as folder, locked(folder):
    claim(folder)
    with ShardWriter(folder, 0) as out:
        out.case({"id": "a"})
assert taken == ([(2, 1)] if SYSTEM == "win32" else [])
assert how_it_ended(-9) in ("SIGKILL", "signal 9")
assert how_it_ended(-64) in ("SIGRTMAX", "signal 64")
assert how_it_ended(3221225477) == "exit code 3221225477"
print("done")
"""


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_every_module_gets_by_without_what_other_systems_lack(system):
    names = ",".join(name for name in modules() if not name.endswith("__main__"))
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "reference", ROOT / "reports")))
    environment = {**os.environ, "PYTHONPATH": paths}
    given = [sys.executable, "-c", SCRIPT, system, names]
    done = subprocess.run(given, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == "done\n", done.stderr
