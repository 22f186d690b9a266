"""Whose code is imported: that of a subject that is named on this very command line, and no other."""

import json
import os
import subprocess
import sys

import pytest

from backcheck import errors
from backcheck_reports import read_run
from tests.commands.test_endings import HERE

FAST = ("--oracles", "differences,exact", "--workers", "1")
EVIL = """
import pathlib, os
pathlib.Path(os.environ.get("IMPORTED", "imported")).touch()
from scratch_bp.rules.activations import tanh
RULES = {"tanh": (tanh.forward, tanh.backward)}
"""
# what a folder may hold to be imported in the place of a module that Python or backcheck uses
SHADOWS = ("numpy", "click", "jinja2", "pickle", "hypothesis", "torch", "duckdb", "backcheck_reports", "sitecustomize")


@pytest.fixture
def downloaded(tmp_path, monkeypatch):
    """A folder with somebody's modules; what is imported leaves a trace."""
    (tmp_path / "evil.py").write_text(EVIL)
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text("open('imported', 'w').close()\nraise RuntimeError\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    yield tmp_path
    sys.modules.pop("evil", None)


def imported(folder):
    return (folder / "imported").exists()


def case_of(folder):
    return json.loads((folder / "cases-0000.jsonl").read_text().splitlines()[0])["id"]


@pytest.fixture
def run(command, downloaded):
    """A run of ours, which somebody has changed to name a subject of theirs."""
    command("verify", "--networks", 4, "--rules", "tanh", "--out", "run", *FAST)
    path = downloaded / "run" / "run.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"recipe": stored["recipe"] | {"subject": "evil:RULES"}}))
    assert read_run("run").recipe["subject"] == "evil:RULES"
    return downloaded / "run"


def test_replay_imports_what_is_named_and_says_how_to_name_it(command, run, downloaded):
    code, printed, complaint = command("replay", case_of(run), "--out", "run")
    assert (code, printed) == (errors.USAGE, "")
    assert not imported(downloaded)
    assert "the run in run judged the code of 'evil:RULES', which is imported only where you name it" in complaint
    again = f"backcheck replay {case_of(run)} --subject evil:RULES --out run"
    assert complaint.endswith(f"if you trust it: {again}\n")
    code, printed, _ = command(*again.split()[1:])
    assert code == errors.AGREE
    assert "nothing disagrees" in printed
    assert imported(downloaded)


def test_a_case_in_a_file_imports_nothing_either(command, run, downloaded):
    (downloaded / "case.json").write_text((run / "cases-0000.jsonl").read_text().splitlines()[0])
    assert command("replay", "case.json", "--out", "run")[0] == errors.USAGE
    assert command("replay", "case.json", "--out", "nowhere")[0] == errors.AGREE
    assert not imported(downloaded)


@pytest.mark.parametrize(
    "arguments",
    [("report", "run"), ("report", "run", "run"), ("summary", "run"), ("report", "run", "--format", "junit"),
     ("verify", "--resume", "--networks", "4", "--rules", "tanh", "--out", "run", *FAST)],
)  # fmt: skip
def test_no_other_command_imports_what_a_run_names(command, run, downloaded, arguments):
    command(*arguments)
    assert not imported(downloaded)


@pytest.mark.parametrize("words", [("compare",), ("accept", "changed")])
def test_a_baseline_imports_what_is_named(command, downloaded, words):
    few = ("--rules", "tanh", "--dtype", "float64", "--cases", "2", *FAST)
    command("baseline", "save", "--file", "base.txt", "--subject", "evil:RULES", *few)
    assert imported(downloaded)
    (downloaded / "imported").unlink()
    sys.modules.pop("evil")
    for named in ((), ("--subject", "other:RULES")):
        code, _, complaint = command("baseline", *words, "--file", "base.txt", "--workers", "1", *named)
        assert code == errors.USAGE
        assert "was saved with --subject evil:RULES, and code is imported only where you name it" in complaint
        assert not imported(downloaded)
    assert command("baseline", *words, "--file", "base.txt", "--workers", "1", "--subject", "evil:RULES")[0] == 0
    assert imported(downloaded)


def test_a_baseline_of_our_own_rules_takes_no_subject(command, downloaded):
    few = ("--rules", "tanh", "--dtype", "float64", "--cases", "2", *FAST)
    command("baseline", "save", "--file", "base.txt", *few)
    code, _, complaint = command("baseline", "compare", "--file", "base.txt", "--subject", "evil:RULES")
    assert code == errors.USAGE
    assert "was saved with our own rules" in complaint
    assert not imported(downloaded)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_current_folder_is_no_place_for_modules(downloaded, workers):
    """Neither of this process, started with -m, nor of those that it starts."""
    arguments = ("--networks", "52", "--rules", "tanh,relu", "--oracles", "exact", "--workers", str(workers))
    done = subprocess.run(
        [sys.executable, "-m", "backcheck", "verify", *arguments],
        capture_output=True,
        text=True,
        env={**HERE, "IMPORTED": os.devnull},
    )
    assert done.returncode == errors.AGREE, done.stderr
    assert not imported(downloaded)
    assert not (downloaded / ".hypothesis").exists()
