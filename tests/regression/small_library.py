"""A small library of somebody's own: a package with relative imports, six layers and a table, and no annotations.

It is written into a folder, or into a git repository, as it is or with edits; and imported under a name of its own, so
that two versions of it stand side by side in one process.
"""

import importlib
import itertools
import subprocess
import sys

from backcheck.regression.difference import comparison, findings
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.sides.draws import ComparisonPlan
from backcheck.regression.sides.loader import of_table
from backcheck.regression.sides.worker import requests_of
from scratch_bp.rules import RULES

FILES = {
    "__init__.py": '"""Layers by hand."""\n',
    "helpers.py": '''
import numpy as np


def sum_over_rows(array, shape):
    """Undo broadcasting over leading axes."""
    extra = array.ndim - len(shape)
    return array.sum(axis=tuple(range(extra))) if extra else array


def logistic(x):
    return 1 / (1 + np.exp(-x))
''',
    "layers/__init__.py": "",
    "layers/affine.py": """
from ..helpers import sum_over_rows


def forward(x, w, b):
    y = x @ w + b
    return y, (x, w, b.shape)


def backward(saved, dy):
    x, w, shape = saved
    dx = dy @ w.T
    dw = x.T @ dy
    db = sum_over_rows(dy, shape)
    return dx, dw, db
""",
    "layers/softmax.py": """
import numpy as np


def forward(x, axis=-1):
    shifted = x - x.max(axis, keepdims=True)
    e = np.exp(shifted)
    p = e / e.sum(axis, keepdims=True)
    return p, (p, axis)


def backward(saved, dy):
    p, axis = saved
    inner = (dy * p).sum(axis, keepdims=True)
    return (p * (dy - inner),)
""",
    "layers/swish.py": """
from ..helpers import logistic


def forward(x, *, beta=1.0):
    s = logistic(beta * x)
    y = x * s
    return y, (x, s, beta)


def backward(saved, dy):
    x, s, beta = saved
    slope = s + beta * x * s * (1 - s)
    return (dy * slope,)
""",
    "layers/row_norm.py": """
import numpy as np

from ..helpers import sum_over_rows


def forward(x, gain, shift, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    var = (centred * centred).mean(-1, keepdims=True)
    inv = 1 / np.sqrt(var + eps)
    hat = centred * inv
    y = hat * gain + shift
    return y, (hat, inv, gain)


def backward(saved, dy):
    hat, inv, gain = saved
    dhat = dy * gain
    mean = dhat.mean(-1, keepdims=True)
    along = (dhat * hat).mean(-1, keepdims=True)
    dx = inv * (dhat - mean - hat * along)
    return dx, sum_over_rows(dy * hat, gain.shape), sum_over_rows(dy, gain.shape)
""",
    "layers/leaky.py": """
import numpy as np


def forward(x, slope=0.1):
    y = np.where(x > 0, x, slope * x)
    return y, (x, slope)


def backward(saved, dy):
    x, slope = saved
    dx = np.where(x > 0, dy, slope * dy)
    return (dx,)
""",
    "layers/huber.py": """
import numpy as np


def forward(x, target, delta=1.0):
    d = x - target
    small = abs(d) <= delta
    each = np.where(small, 0.5 * d * d, delta * (abs(d) - 0.5 * delta))
    return each.sum(), (d, small, delta)


def backward(saved, dy):
    d, small, delta = saved
    dx = dy * np.where(small, d, delta * np.sign(d))
    return dx, -dx
""",
    "rules.py": """
from .layers import affine, huber, leaky, row_norm, softmax, swish

RULES = {
    "affine": (affine.forward, affine.backward),
    "softmax": (softmax.forward, softmax.backward),
    "swish": (swish.forward, swish.backward),
    "row_norm": (row_norm.forward, row_norm.backward),
    "leaky": (leaky.forward, leaky.backward),
    "huber": (huber.forward, huber.backward),
}
""",
}
NAMES = ("affine", "softmax", "swish", "row_norm", "leaky", "huber")
_NUMBER = itertools.count()


def edited(edits=(), files=FILES):
    """The library's files with edits: (file, text that stands there once, text in its place)."""
    made = dict(files)
    for name, before, after in edits:
        assert made[name].count(before) == 1, (name, before)
        made[name] = made[name].replace(before, after)
    return made


def write(folder, files, package="mill"):
    """Write the package into a folder."""
    for name, text in files.items():
        path = folder / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def git(folder, *arguments):
    who = ("-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder, files=FILES):
    """A git repository with the library in its first commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, files, "The library")
    return folder


def commit(folder, files, subject):
    """One more commit, of these files; its hash."""
    write(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", subject)
    return git(folder, "rev-parse", "HEAD")


class SideHere:
    """One side in this process, which answers as the process of a side does."""

    def __init__(self, table):
        self.side = of_table(table, RULES)
        self._requests, self._replies = requests_of(self.side), []

    def send(self, request, *arguments):
        self._replies.append(self._requests[request](*arguments))

    def receive(self):
        return self._replies.pop(0)

    def ask(self, request, *arguments):
        self.send(request, *arguments)
        return self.receive()


def imported(folder, files):
    """The library's table, imported under a name that no other version has."""
    package = f"mill{next(_NUMBER)}"
    write(folder, files, package)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        return importlib.import_module(f"{package}.rules").RULES
    finally:
        sys.path.remove(str(folder))


def compared(folder, old, new, rules=(), expected=None, seed=0, dtypes=("float64", "float32")):
    """Two versions of the files, compared as `backcheck compare` does it, without its processes and times."""
    tables = [
        each if not isinstance(next(iter(each.values()), ""), str) else imported(folder, each) for each in (old, new)
    ]
    pair = tuple(map(SideHere, tables))
    plan = ComparisonPlan(networks=0, seed=seed, rules=tuple(rules), dtypes=dtypes)
    seen, shown = comparison.observed(pair, plan)
    return comparison.outcome(seen, findings.all_findings(seen, shown, expected or Expected(), (), ()), plan)
