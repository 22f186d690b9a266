"""The functions that forward and backward lead to, and whose they are."""

import functools
from pathlib import Path

import numpy as np
import pytest

from backcheck.subjects.lines.own_functions import files_of, own_functions
from tests.subjects import branches


def names(*entries):
    return {each.__code__.co_name for each in own_functions(entries)}


def test_a_helper_that_is_named_belongs_to_it():
    assert names(branches.unreached_backward) == {"unreached_backward", "_in_parts"}


def test_methods_that_a_method_names_belong_to_it():
    made = branches.Scaled(2)
    assert names(made.forward, made.backward) == {"forward", "backward", "_sum", "refuse"}


def test_a_closure_a_partial_and_a_wrapper_lead_to_the_function_within():
    def inner(x):
        return x

    @functools.wraps(inner)
    def outer(x):
        return inner(x)

    assert names(outer) == {"outer", "inner"}
    assert names(functools.partial(inner, 1)) == {"inner"}
    assert names(functools.cache(inner)) == set()  # an object in C, that nothing is known of


def test_libraries_are_nobody_s_own():
    assert names(np.linalg.norm, Path.glob, 3, None) == set()


def test_of_an_autograd_function_its_two_methods_count():
    torch = pytest.importorskip("torch")

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return branches._in_parts(2 * x)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, dy):
            return 2 * dy

    assert {"forward", "backward", "_in_parts"} <= names(Twice)


def test_of_a_rule_of_jax_its_three_functions_count():
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def twice(x):
        return 2 * x

    def fwd(x):
        return 2 * x, None

    def bwd(_, dy):
        return (2 * dy,)

    twice.defvjp(fwd, bwd)
    assert names(twice) == {"twice", "fwd", "bwd"}
    assert names(jax.jit(fwd)) == {"fwd"}


def test_code_of_a_package_lies_in_its_folder_and_code_of_a_module_in_its_file(tmp_path, monkeypatch):
    (tmp_path / "lonely_module.py").write_text("def f(x):\n    return x\n")
    (tmp_path / "own_package").mkdir()
    (tmp_path / "own_package/__init__.py").write_text("")
    (tmp_path / "own_package/rules.py").write_text("from own_package import parts\ndef f(x):\n    return parts.g(x)\n")
    (tmp_path / "own_package/parts.py").write_text("def g(x):\n    return x\ndef h(x):\n    return x\n")
    monkeypatch.syspath_prepend(tmp_path)
    import lonely_module
    import own_package.rules

    assert files_of(own_functions([lonely_module.f])) == (str(tmp_path / "lonely_module.py"),)
    found = own_functions([own_package.rules.f])
    assert {each.__name__ for each in found} == {"f", "g"}
    assert files_of(found) == (str(tmp_path / "own_package/*"),)
