"""Options and their twins in the configuration file: what reaches a test, and what is refused."""

import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from backcheck.pytest_plugin import options
from backcheck.verdicts.parties import ORACLES
from backcheck_reference import lazy
from tests.pytest_plugin.helpers import PLUGIN

ROOT = Path(__file__).parents[2]
SETTINGS = """
def test_settings():
    from backcheck.session import asked, draws_of, seed_of
    print("asked", asked().profile, asked().oracles, draws_of(None, 200), draws_of(7, 200), seed_of(None), seed_of(3))
"""
UNKNOWN = {
    "profile": ("sometimes", "*backcheck-profile: unknown profile 'sometimes'; known are pr, nightly, deep"),
    "oracles": (
        "torch,tensorflow",
        "*backcheck-oracles: unknown oracle 'tensorflow'; known are torch, jax, differences, exact",
    ),
    "require": ("numpy", "*backcheck-require: unknown oracle 'numpy'; known are torch, jax, differences, exact"),
    "seed": ("-1", "*backcheck-seed: '-1' came; a whole number of 1 to 20 digits is expected"),
}


@pytest.fixture(params=["option", "file"])
def asking(request, run, pytester):
    """Run tests with settings, said on the command line or in the configuration file."""

    def session(tests, *more, **settings):
        if request.param == "file":
            lines = [f"backcheck_{name} = {value}" for name, value in settings.items()]
            pytester.makeini("\n".join(["[pytest]", *lines]))
            return run(tests, *more)
        return run(tests, *more, *(f"--backcheck-{name}={value}" for name, value in settings.items()))

    return session


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_value_is_refused_with_what_is_known(asking, name):
    value, words = UNKNOWN[name]
    result = asking(SETTINGS, **{name: value})
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


def test_settings_reach_a_test(asking):
    result = asking(SETTINGS, "-s", profile="nightly", seed=41, oracles="exact, differences")
    result.stdout.fnmatch_lines(["backcheck: profile nightly, seed 41 *--backcheck-seed=41*; oracles exact, diff*"])
    result.stdout.fnmatch_lines(["*asked nightly ('exact', 'differences') 1000 7 41 3*"])


def test_the_command_line_outweighs_the_file(run, pytester):
    pytester.makeini("[pytest]\nbackcheck_profile = nightly\nbackcheck_report = file.html\n")
    result = run(SETTINGS, "-s", "--backcheck-profile=deep", "--backcheck-report=line.html", "--backcheck-seed=1")
    result.stdout.fnmatch_lines(["*asked deep None 5000 7 1 3*"])
    assert (pytester.path / "line.html").exists()
    assert not (pytester.path / "file.html").exists()


def test_without_options_little_is_drawn_always_the_same_and_nothing_is_said(run):
    result = run(SETTINGS, "-s")
    result.stdout.fnmatch_lines(["*asked pr None 200 7 0 3*"])
    result.stdout.no_fnmatch_line("backcheck:*")


def test_nightly_draws_a_seed_and_prints_it(run, monkeypatch):
    monkeypatch.setattr("secrets.randbelow", lambda limit: limit - 5)
    seed = 2**32 - 5
    result = run(SETTINGS, "-s", "--backcheck-profile=nightly")
    result.stdout.fnmatch_lines([f"*--backcheck-seed={seed}*", f"*asked nightly None 1000 7 {seed} 3*"])


def test_a_required_oracle_that_is_missing_fails_the_session_at_once(asking, monkeypatch):
    def without_jax(name):
        if name == "jax":
            raise ImportError("no jax here")
        return import_module(name)

    monkeypatch.setattr(lazy, "_import", without_jax)
    monkeypatch.setattr(lazy.jax, "_module", None)
    result = asking("def test_never(): print('ran')", "-s", require="exact,jax")
    assert result.ret == 3
    result.stderr.fnmatch_lines(["*backcheck-require: jax is required: jax cannot be imported (no jax here); pip*"])
    result.stdout.no_fnmatch_line("*ran*")


def test_a_required_oracle_that_is_there_lets_the_session_run(asking):
    asking("def test_runs(): pass", require="torch,exact,differences").assert_outcomes(passed=1)


def test_who_is_required_must_be_asked(run):
    result = run(SETTINGS, "--backcheck-require=torch", "--backcheck-oracles=exact")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*backcheck-require: torch is not among the oracles to ask, exact*"])


@pytest.mark.parametrize(
    ("page", "said"),
    [("taken", "it is a folder, expected a file"), ("file/page.html", "*file is a file, expected a folder")],
)
def test_a_page_that_cannot_be_written_is_refused_before_anything_runs(run, pytester, page, said):
    pytester.mkdir("taken")
    pytester.path.joinpath("file").write_text("")
    result = run("def test_never(): print('ran')", "-s", f"--backcheck-report={page}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*backcheck-report: cannot write *{page}: {said}*"])
    result.stdout.no_fnmatch_line("*ran*")


def test_help_tells_every_option_and_the_marker(run):
    said = run("", "--help").stdout
    said.fnmatch_lines_random([f"*--backcheck-{name}=*" for name in options.OPTIONS])
    said.fnmatch_lines_random([f"*backcheck_{name.replace('-', '_')} (string):*" for name in options.OPTIONS])
    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.backcheck(*oracles*report*"])


def test_the_oracles_are_those_that_the_harness_has():
    assert options.ORACLES == ORACLES


def test_pyproject_registers_the_plugin():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = import_module(project["entry-points"]["pytest11"]["backcheck"])
    assert module.__name__ == PLUGIN[1]


HEAVY = ("numpy", "torch", "jax", "hypothesis", "flint", "jinja2")


@pytest.mark.parametrize(("test", "loaded"), [("pass", []), ("import numpy", ["numpy"])])
def test_a_session_that_checks_nothing_loads_nothing(pytester, test, loaded):
    pytester.makepyfile(test_a=f"def test_a(): {test}")
    script = pytester.makepyfile(
        f"import pytest, sys\npytest.main([*{PLUGIN}, 'test_a.py'])\nprint([n for n in {HEAVY} if n in sys.modules])"
    )
    result = pytester.run(sys.executable, script)
    result.stdout.fnmatch_lines(["*1 passed*", str(loaded)], consecutive=False)
    assert result.outlines[-1] == str(loaded)
