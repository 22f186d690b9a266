"""A user's own modules may be called what folders of ours are called, or nearly what a framework is called."""

import importlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import backcheck
from backcheck.subjects.pairs.source_text import import_lines

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
PAIR = """
    import numpy as np

    def forward(x):
        buffer = np.zeros(x.shape)  # float64, and exact in a run on exact numbers
        buffer += np.tanh(x)
        return buffer, buffer

    def backward(y, dy):
        return dy * (1 - y * y)
"""
LAYER = """
    import numpy as np

    class Scale:
        def __init__(self):
            self.w, self.dw = np.array([2.0, 3.0, 0.5]), None

        def forward(self, x):
            self.x = x
            return x * self.w

        def backward(self, dy):
            self.dw = (dy * self.x).sum(0)
            return dy * self.w
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that writes a package with one module, and imports that."""
    monkeypatch.syspath_prepend(tmp_path)
    written = set()

    def write(name, source):
        top, _, module = name.partition(".")
        (tmp_path / top).mkdir(exist_ok=True)
        (tmp_path / top / "__init__.py").touch()
        (tmp_path / top / f"{module}.py").write_text(textwrap.dedent(source))
        written.add(top)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] in written]:
        del sys.modules[name]


@pytest.mark.parametrize("top", ["reference", "reports", "subjects", "backcheck_layers", "torch_layers", "my_jax"])
def test_a_pair_in_a_package_of_a_common_name_is_judged_exactly(package, top):
    pytest.importorskip("flint")
    own = package(f"{top}.layers", PAIR)
    check = backcheck.check_vjp(own.forward, own.backward, X)
    assert check.verdict == "agree", check
    exact = next(record for record in check.records if (record.tensor, record.party) == ("x", "exact"))
    assert exact.verdict == "agree", exact.reason
    assert exact.relative < 1e-30
    assert not check.notes


@pytest.mark.parametrize("top", ["reference", "reports", "torch_layers", "my_jax"])
def test_a_class_in_a_package_of_a_common_name_is_an_object_with_state(package, top):
    own = package(f"{top}.layers", LAYER)
    assert backcheck.check_layer(own.Scale, X).verdict == "agree"
    found = backcheck.verify_rule(own.Scale, {"x": "n 3"}, draws=5)
    assert found.verdict == "agree", found


def test_a_script_imports_functions_by_the_names_of_their_modules(package, tmp_path):
    """A function that is called `forward` as well: a script that only says whose it is could not be run."""
    own = package("reference.layers", PAIR)
    assert import_lines(own.forward, own.backward) == [
        "from reference.layers import forward",
        "from reference.layers import backward",
    ]
    script = tmp_path / "script.py"
    script.write_text(backcheck.check_vjp(own.forward, own.backward, X).reproducer)
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("AGREE  layers"), ran.stderr
