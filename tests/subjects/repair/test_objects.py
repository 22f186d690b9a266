"""Repairs of objects with state, of helpers, of PyTorch's Functions and of JAX's rules."""

import numpy as np
import pytest

pytest.importorskip("libcst")
pytest.importorskip("flint")

import backcheck
from benchmarks.shared import wrong_objects

pytestmark = [pytest.mark.backcheck(report=False), pytest.mark.slow]
X = np.random.Generator(np.random.PCG64(1)).standard_normal((4, 3))


@pytest.mark.parametrize("layer", wrong_objects.LAYERS, ids=lambda layer: layer.__name__)
def test_an_object_is_repaired(layer):
    fix = backcheck.check_layer(layer, X).fix(seconds=20.0)
    assert fix, fix
    assert fix.proved_on >= 200


def test_a_helper_of_backward_is_edited_or_what_it_is_given():
    fix = backcheck.check_layer(wrong_objects.Scale, X).fix(seconds=20.0)
    assert "self.x" in fix.lines[0].after


def test_functions_of_pytorch_are_repaired():
    pytest.importorskip("torch")
    functions = {each.__name__: each for each in wrong_objects.torch_functions()}
    for name in ("Square", "Tanh", "Exp"):
        fix = backcheck.check_torch(functions[name], X).fix(seconds=20.0)
        assert fix, (name, fix)


def test_a_rule_of_jax_is_repaired_in_its_module(tmp_path, monkeypatch):
    pytest.importorskip("jax")
    (tmp_path / "rule_to_repair.py").write_text(
        "import jax\nimport jax.numpy as jnp\n\n\n@jax.custom_vjp\ndef square(x):\n    return x * x\n\n\n"
        "def fwd(x):\n    return x * x, x\n\n\ndef bwd(x, dy):\n    return (dy * x,)\n\n\nsquare.defvjp(fwd, bwd)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    import rule_to_repair

    fix = backcheck.check_jax(rule_to_repair.square, X[:2]).fix(seconds=20.0)
    assert fix, fix
    assert "2 * dy * x" in fix.lines[0].after or "2 * x" in fix.lines[0].after
