"""A subject that ends the process, in a rule or when it is imported, never makes `verify` end with 0."""

import sys

import pytest

from backcheck import errors
from backcheck_reports import read_notes, read_run

OPTIONS = ("--rules", "tanh,exp", "--oracles", "differences,exact")
LEAVES = ["sys.exit(0)", "os._exit(0)", "quit()", "raise SystemExit"]
SOURCE = """
import os, sys
import numpy as np
def leave():
    {rule}
def forward(x):
    y = np.tanh(x)
    return y, y
def backward(y, dy):
    leave()
    return (dy * (1 - y * y),)
RULES = {{"tanh": (forward, backward)}}
ENGINE = lambda network, arrays, dy: leave()
{module}
"""


@pytest.fixture
def subject(tmp_path, monkeypatch):
    """Write the module of a subject; its name."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")

    def write(rule="pass", module=""):
        (tmp_path / "leaving_module.py").write_text(SOURCE.format(rule=rule, module=module))
        sys.modules.pop("leaving_module", None)
        return "leaving_module"

    yield write
    sys.modules.pop("leaving_module", None)


@pytest.mark.parametrize("leave", LEAVES)
def test_a_rule_that_leaves_is_a_finding(command, subject, tmp_path, leave):
    given = ("--networks", 5, *OPTIONS, "--workers", 1, "--subject", f"{subject(leave)}:RULES")
    code, printed, _ = command("verify", *given, "--out", tmp_path / "run")
    assert code == errors.DISAGREE, printed
    assert read_run(tmp_path / "run").complete
    (note,) = read_notes(tmp_path / "run").values()
    assert "backward calls " in " ".join(note.lines)
    assert command("replay", note.id, "--out", tmp_path / "run", "--subject", "leaving_module:RULES")[0] != errors.AGREE


def test_a_rule_that_leaves_a_worker_is_a_finding(command, subject, tmp_path):
    given = ("--networks", 60, *OPTIONS, "--workers", 2, "--subject", f"{subject('os._exit(0)')}:RULES")
    code, printed, complaint = command("verify", *given, "--out", tmp_path / "run")
    assert code == errors.DISAGREE, complaint
    assert read_run(tmp_path / "run").complete
    assert "calls os._exit(0)" in printed


@pytest.mark.parametrize("leave", LEAVES)
def test_an_engine_that_leaves_is_a_finding(command, subject, tmp_path, leave):
    given = ("--networks", 5, *OPTIONS, "--workers", 1, "--subject", f"{subject(leave)}:ENGINE")
    assert command("verify", *given, "--out", tmp_path / "run")[0] == errors.DISAGREE


@pytest.mark.parametrize("leave", LEAVES)
def test_a_module_that_leaves_when_it_is_imported_is_a_sentence(command, subject, tmp_path, leave):
    given = ("--networks", 5, *OPTIONS, "--workers", 1, "--subject", f"{subject(module=leave)}:RULES")
    code, printed, complaint = command("verify", *given, "--out", tmp_path / "run")
    assert (code, printed) == (errors.USAGE, "")
    assert "--subject: the module 'leaving_module' calls " in complaint
    assert complaint.count("\n") == 1


def test_an_interrupt_by_a_rule_is_no_finding(command, subject, tmp_path):
    given = ("--networks", 5, *OPTIONS, "--workers", 1, "--subject", f"{subject('raise KeyboardInterrupt')}:RULES")
    code, printed, _ = command("verify", *given, "--out", tmp_path / "run")
    assert code == errors.COULD_NOT
    assert "not judged, since the check did not end" in printed
    assert "KeyboardInterrupt" in printed
