"""The edit that makes it right: what is found, how it is proved, what is said, and what is not offered."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("libcst")
pytest.importorskip("flint")

import backcheck
from backcheck.errors import BadInput
from tests.subjects.repair import wrong_backwards as wrong

pytestmark = pytest.mark.backcheck(report=False)
X = np.array([[0.5, -1.0], [2.0, 0.25], [0.125, -0.5]])


@pytest.fixture(scope="module")
def fixed():
    """One fix, which several tests look at."""
    found = backcheck.check_vjp(wrong.tanh_forward, wrong.tanh_backward, X)
    return found, found.fix()


def test_the_line_that_one_would_write_is_found(fixed):
    _, fix = fixed
    assert fix
    (line,) = fix.lines
    assert line.after.strip().startswith(("return dy * (1 - y * y)", "return dy * (1 - y ** 2)"))
    source = inspect.getsource(wrong).splitlines()
    assert source[line.line - 1] == line.before
    assert line.file == wrong.__file__


def test_it_is_proved_on_two_hundred_draws_and_says_so(fixed):
    _, fix = fixed
    assert fix.proved_on >= 200
    assert f"proved on {fix.proved_on} drawn cases" in str(fix)
    assert "`dy * (1 - y)` should be `dy * (1 - y * y)`" in fix.sentence
    assert all(len(line) <= 80 for line in str(fix).splitlines())


def test_the_diff_is_one_that_patch_takes(fixed, tmp_path):
    _, fix = fixed
    (tmp_path / "mine.py").write_text(fix.changes[0].before, encoding="utf-8")
    done = subprocess.run(
        ["patch", "mine.py"], input=fix.diff, text=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == fix.changes[0].after


def test_the_repaired_code_passes_other_draws(fixed):
    """Of another seed than that of the proof, with the source that the diff leaves."""
    _, fix = fixed
    names = {}
    exec(compile(fix.changes[0].after, "repaired", "exec"), names)
    assert backcheck.verify_rule((wrong.tanh_forward, names["tanh_backward"]), "n d", draws=60, seed=77)


def test_explain_shows_a_fix_that_was_found_and_else_how_to_ask(fixed):
    found, fix = fixed
    assert str(fix).splitlines()[0] in found.explain()
    again = backcheck.check_vjp(wrong.tanh_forward, wrong.tanh_backward, X)
    assert "fix() looks for the edit that makes it right" in again.explain()


def test_nothing_of_the_caller_is_changed(fixed):
    before = wrong.tanh_backward.__code__
    assert not backcheck.check_vjp(wrong.tanh_forward, wrong.tanh_backward, X)
    assert wrong.tanh_backward.__code__ is before
    assert before.co_consts == (None, 1)


def test_what_is_not_near_right_is_said_within_the_budget():
    found = backcheck.check_vjp(wrong.tanh_forward, wrong.unrelated_backward, X[:, 0]).fix(seconds=2.0)
    assert not found
    assert not found.changes
    assert "no edit" in found.reason
    assert f"{found.tried:,} tried" in found.reason
    assert found.diff == ""


@pytest.mark.slow
def test_a_part_is_said_as_a_part():
    found = backcheck.check_vjp(wrong.scale_forward, wrong.scale_backward, X, X[0]).fix(seconds=15.0)
    assert not found
    assert found.part == ("x",)
    assert "dx = dy * w" in found.diff
    assert "in part: the gradient by x agrees with differences" in str(found)
    assert str(found).startswith("PART OF A FIX")


@pytest.mark.slow
def test_a_candidate_that_never_ends_is_left(fixed):
    """Without `steps = steps - 1` the loop goes on for ever."""
    found = backcheck.check_vjp(wrong.tanh_forward, wrong.dangerous_backward, X[0]).fix(seconds=8.0)
    assert found.tried > 50
    assert "1 - y * y" in found.diff


def test_what_is_right_needs_no_fix():
    found = backcheck.check_vjp(wrong.tanh_forward, lambda y, dy: dy * (1 - y * y), X)
    assert not found.fix()
    assert found.fix().reason == "nothing disagrees, so there is nothing to be made right"


def test_too_few_draws_would_prove_nothing(fixed):
    with pytest.raises(BadInput, match="draws must be 100 or more"):
        fixed[0].fix(draws=10)


def test_code_without_a_source_is_said_in_one_sentence():
    names = {}
    exec("def backward(y, dy):\n    return dy * (1 - y)\n", names)
    found = backcheck.check_vjp(wrong.tanh_forward, names["backward"], X).fix()
    assert "the source of none of its functions" in found.reason


def test_a_failure_of_verify_rule_is_fixed_as_it_was_drawn():
    found = backcheck.verify_rule((wrong.tanh_forward, wrong.tanh_backward), "n d", draws=20)
    fix = found.fix()
    assert fix
    assert fix.drawn == ""
    assert str(fix).splitlines()[0] in found.explain()


@pytest.mark.slow
def test_a_script_that_runs_has_its_own_functions_repaired(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "import numpy as np\nimport backcheck\n\n\ndef forward(x):\n    return np.sin(x), x\n\n\n"
        "def backward(x, dy):\n    return dy * np.sin(x)\n\n\n"
        "print(backcheck.check_vjp(forward, backward, [0.5, -1.0, 2.0]).fix().lines[0].after)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "return dy * np.cos(x)", done.stderr
