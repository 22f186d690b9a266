"""Without python-flint, PyTorch or JAX the other oracles judge, and what cannot be done is a sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HIDING = """
import sys
hidden = sys.argv[1].split(",")
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
"""
CHECKS = """
import json
import numpy as np
import backcheck
def forward(x):
    y = np.tanh(x)
    return y, y
right, wrong = lambda y, dy: dy * (1 - y * y), lambda y, dy: dy * (1 - y)
class Scale:
    def __init__(self):
        self.w, self.dw = np.array([2.0, 3.0]), None
    def forward(self, x):
        self.x = x
        return x * self.w
    def backward(self, dy):
        self.dw = (dy * self.x).sum(0)
        return dy * self.w
class Wrong(Scale):
    def backward(self, dy):
        super().backward(dy)
        self.dw = self.dw / 4
        return dy * self.w
def of_torch(factor):
    import torch
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x
        @staticmethod
        def backward(ctx, dy):
            return factor * ctx.saved_tensors[0] * dy
    return backcheck.check_torch(Square, torch.tensor([0.5, -1.0]))
def of_jax(factor):
    import jax
    @jax.custom_vjp
    def square(x):
        return x * x
    square.defvjp(lambda x: (x * x, x), lambda x, dy: (factor * x * dy,))
    return backcheck.check_jax(square, [0.5, -1.0])
x = [0.5, -1.0]
calls = {
    "vjp": lambda: backcheck.check_vjp(forward, right, x),
    "wrong vjp": lambda: backcheck.check_vjp(forward, wrong, x),
    "float32": lambda: backcheck.check_vjp(forward, right, x, dtype="float32"),
    "raises": lambda: backcheck.check_vjp(forward, lambda y, dy: 1 / 0, x),
    "sum": lambda: backcheck.check_vjp(lambda x: (np.sum(x * x), x), lambda x, dy: 2 * x * dy, x),
    "declared": lambda: backcheck.check_vjp(lambda x: (np.round(x), x), lambda x, dy: 2 * dy, [0.3], meant=lambda x: x),
    "layer": lambda: backcheck.check_layer(Scale, np.ones((4, 2))),
    "wrong layer": lambda: backcheck.check_layer(Wrong, np.ones((4, 2))),
    "rule": lambda: backcheck.verify_rule((forward, right), ("n d",), draws=10),
    "wrong rule": lambda: backcheck.verify_rule((forward, wrong), ("n d",), draws=10),
    "wrong like": lambda: backcheck.verify_like("tanh", forward, wrong, draws=10),
    "torch": lambda: of_torch(2) if "torch" not in hidden else backcheck.check_torch(lambda x: x, x),
    "wrong torch": lambda: of_torch(3) if "torch" not in hidden else backcheck.check_torch(lambda x: x, x),
    "jax": lambda: of_jax(2) if "jax" not in hidden else backcheck.check_jax(lambda x: x, x),
    "wrong jax": lambda: of_jax(3) if "jax" not in hidden else backcheck.check_jax(lambda x: x, x),
}
found = {}
for name, call in calls.items():
    try:
        check = call()
        check.explain(), str(check)
        found[name] = str(check.verdict)
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""
VERIFY = """
sys.argv[:] = ["backcheck", "verify", *sys.argv[2:]]
from backcheck.commands.cli import main
main()
"""


def run(script, *arguments):
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "reference", ROOT / "reports")))
    given = [sys.executable, "-c", HIDING + script, *map(str, arguments)]
    return subprocess.run(given, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hidden", ["flint", "torch", "jax", "flint,torch,jax"])
def test_the_other_oracles_judge(hidden):
    done = run(CHECKS, hidden)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, verdict in found.items():
        if name.removeprefix("wrong ") in hidden.split(","):
            assert verdict.startswith("Unavailable: ")
            assert 'pip install "backcheck[' in verdict
        else:
            right = not (name.startswith("wrong") or name in ("raises", "declared"))
            assert verdict == ("agree" if right else "disagree"), name


@pytest.mark.parametrize(("hidden", "code"), [("flint", 0), ("torch,jax", 0), ("flint,torch,jax", 0)])
def test_a_run_says_who_was_not_there(hidden, code, tmp_path):
    done = run(VERIFY, hidden, "--networks", 5, "--rules", "tanh,exp", "--workers", 1, "--out", tmp_path / "run")
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stdout
