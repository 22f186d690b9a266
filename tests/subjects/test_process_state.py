"""What code under test changes in the process is as it was at the next case."""

import gc
import locale
import os
import random
import signal
import sys
import threading
import warnings

import numpy as np
import pytest

import backcheck
from backcheck.containment import contained
from backcheck.process_state import state_kept
from backcheck.strategies.case import Case
from backcheck.verdicts.cases import check_case
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")


def jax_flag(name):
    return lambda: getattr(jax.config, name)


CHANGES = {
    "recursion limit": (lambda: sys.setrecursionlimit(4321), sys.getrecursionlimit),
    "NumPy's errors": (lambda: np.seterr(over="raise", divide="warn"), np.geterr),
    "NumPy's handler": (lambda: np.seterrcall(print), np.geterrcall),
    "printing": (lambda: np.set_printoptions(precision=1), lambda: np.get_printoptions()["precision"]),
    "NumPy's seed": (lambda: np.random.seed(7), lambda: np.random.get_state()[1].tolist()),
    "NumPy's draws": (lambda: np.random.standard_normal(3), lambda: np.random.get_state()[3]),
    "Python's seed": (lambda: random.seed(7), random.getstate),
    "a variable": (lambda: os.environ.update(BACKCHECK_TEST="1"), lambda: os.environ.get("BACKCHECK_TEST")),
    "no variables": (os.environ.clear, lambda: dict(os.environ)),
    "the path": (lambda: sys.path.insert(0, "/nowhere"), lambda: list(sys.path)),
    "the output": (lambda: setattr(sys, "stdout", None), lambda: sys.stdout),
    "the filters": (lambda: warnings.simplefilter("ignore"), lambda: list(warnings.filters)),
    "the locale": (lambda: locale.setlocale(locale.LC_ALL, "C"), lambda: locale.setlocale(locale.LC_ALL)),
    "the collector": (gc.disable, gc.isenabled),
    "a signal": (lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN), lambda: signal.getsignal(signal.SIGTERM)),
    "PyTorch's dtype": (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    "PyTorch's threads": (lambda: torch.set_num_threads(3), torch.get_num_threads),
    "PyTorch's seed": (lambda: torch.manual_seed(7), lambda: torch.get_rng_state().tolist()),
    "no gradients": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "determinism": (lambda: torch.use_deterministic_algorithms(True), torch.are_deterministic_algorithms_enabled),
    "subnormals": (lambda: torch.set_flush_denormal(True), lambda: bool(np.float64(5e-324) * np.float64(1.0) == 0)),
    "JAX's NaN": (lambda: jax.config.update("jax_debug_nans", True), jax_flag("jax_debug_nans")),
    "JAX's jit": (lambda: jax.config.update("jax_disable_jit", True), jax_flag("jax_disable_jit")),
}


@pytest.fixture(autouse=True)
def _as_found():
    """Whatever these tests find, no other test shall meet it."""
    with state_kept():
        if locale.setlocale(locale.LC_ALL) == "C":
            locale.setlocale(locale.LC_ALL, "C.UTF-8")
        yield


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_as_it_was(what):
    change, read = CHANGES[what]
    before = read()
    with state_kept():
        change()
        assert read() != before
    assert read() == before


def test_float64_of_jax_stays_on_once_it_is_on():
    jax.config.update("jax_enable_x64", False)
    with state_kept():
        jax.config.update("jax_enable_x64", True)  # what the oracle does at its first question
    assert jax.config.jax_enable_x64
    with state_kept():
        jax.config.update("jax_enable_x64", False)
    assert jax.config.jax_enable_x64


def test_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with state_kept():
        os.chdir("/")
    assert os.getcwd() == str(tmp_path)


def test_a_current_folder_that_is_gone_is_no_error(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    with state_kept():
        os.chdir("/")
        gone.rmdir()
    assert os.getcwd() == "/"
    with state_kept():
        pass


def test_another_thread_changes_no_signals():
    found = []

    def body():
        with contained():
            found.append(True)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found


def test_it_is_as_it_was_when_the_code_raises():
    def raising(y, dy):
        sys.setrecursionlimit(4321)
        raise ZeroDivisionError

    backcheck.check_vjp(lambda x: (x, x), raising, [1.0])
    assert sys.getrecursionlimit() != 4321


def spoiling(y, dy):
    """The right gradient, and all that is above."""
    for change, _ in CHANGES.values():
        change()
    sys.setrecursionlimit(5000)
    return dy * (1 - y * y)


def test_a_check_leaves_nothing_behind():
    before = {what: read() for what, (_, read) in CHANGES.items()}
    backcheck.check_vjp(lambda x: (np.tanh(x), np.tanh(x)), spoiling, [0.5, -1.0], dtype="float32")
    assert {what: read() for what, (_, read) in CHANGES.items()} == before


def test_the_next_network_of_a_run_finds_nothing_of_it():
    tanh = RULES["tanh"]

    def backward(saved, dy):
        spoiling(np.zeros(1), dy)
        return tanh.backward(saved, dy)

    network = Network({"x": ArraySpec((2, 3))}, (Node("h", "tanh", ("x",)),), "h")
    x = np.linspace(-1, 1, 6).reshape(2, 3).astype(np.float32)
    case = Case.of(network, {"x": x}, np.ones_like(x), "float32")
    before = {what: read() for what, (_, read) in CHANGES.items()}
    check_case(case, {**RULES, "tanh": Rule(tanh.forward, backward)})
    assert {what: read() for what, (_, read) in CHANGES.items()} == before
    after = check_case(case, RULES)
    assert not after.disagreements
