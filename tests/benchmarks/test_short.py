"""Every benchmark runs, in its short form, and says what it found."""

import os
import runpy
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__init__")
BROWSER = os.environ.get("BACKCHECK_CHROMIUM") or shutil.which("chromium")
# what a script cannot run without, beside what backcheck itself needs
NEEDS = {
    **dict.fromkeys(("check_vjp_and_gradcheck", "full_size_cost"), ("torch",)),
    **dict.fromkeys(("kernel_cost", "kernel_draws", "kernel_fractions", "kernel_tolerances"), ("torch",)),
    "coverage_cost": ("flint",),
    "fault_checkers": ("torch", "jax", "flint", "autograd"),
    "killed_run": ("flint",),
    "oracles_and_gradcheck": ("torch", "jax", "flint"),
    "repairs": ("flint", "libcst", "mutmut"),
    "report_opening": ("playwright",),
    "rule_mutants": ("torch", "flint", "libcst", "mutmut"),
    "rule_speed": ("torch",),
    "scratch_speed": ("torch",),
    "slack": ("torch", "flint"),
    "wrong_rules": ("torch", "flint"),
}


@pytest.mark.backcheck(report=False)  # some plant wrong gradients
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_short_run(script, monkeypatch, capsys):
    for needed in NEEDS.get(script, ()):
        pytest.importorskip(needed)
    if script == "report_opening" and not BROWSER:
        pytest.skip("needs a browser: apt-get install chromium, or name one in BACKCHECK_CHROMIUM")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [script, "--short"])
    try:
        runpy.run_module(f"benchmarks.{script}", run_name="__main__")
    except SystemExit as end:
        assert not end.code, capsys.readouterr().err  # noqa: PT017
    assert len(capsys.readouterr().out.strip()) > 0


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_list_of_the_folder_names_it(script):
    assert f"## {script}\n" in (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
