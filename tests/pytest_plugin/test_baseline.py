"""`--backcheck-compare` and `--backcheck-update`: what tests checked against a recorded baseline."""

import pytest

from backcheck.errors import COULD_NOT

FILE = "gradients.txt"
COMPARE, UPDATE = f"--backcheck-compare={FILE}", "--backcheck-update"
FAST = "--backcheck-oracles=exact"
RIGHT = """
def test_right():
    right()
"""
BOTH = """
def test_right():
    right()

def other_forward(x):
    return x * x, x

def test_other():
    backcheck.check_vjp(other_forward, square_backward, X)
"""
LOSING = """
def losing_backward(x, dy):
    return (2 * x * dy + 1e6 - 1e6,)

def test_right():
    backcheck.check_vjp(square_forward, losing_backward, X)
"""


@pytest.fixture
def baseline(pytester):
    return lambda: (pytester.path / FILE).read_text()


def test_a_missing_baseline_ends_the_session_and_is_not_made(run, pytester):
    result = run(RIGHT, COMPARE, FAST)
    assert result.ret == COULD_NOT
    assert "--backcheck-update=new" in result.stdout.str() + result.stderr.str()
    assert not (pytester.path / FILE).exists()


def test_made_compared_and_a_new_check_is_a_notice(run, baseline):
    assert run(RIGHT, COMPARE, f"{UPDATE}=new", FAST).ret == 0
    assert "square dx float64 numpy 1" in baseline()
    before = baseline()
    result = run(BOTH, COMPARE, FAST)
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"baseline {FILE}: 0 worse, *"])
    assert baseline() == before
    assert run(BOTH, COMPARE, f"{UPDATE}=new", FAST).ret == 0
    assert "other dx" in baseline()


def test_a_check_that_disappeared_fails_the_session_unless_it_was_left_out(run, baseline):
    run(BOTH, COMPARE, f"{UPDATE}=new", FAST)
    result = run(RIGHT, COMPARE, FAST)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["WORSE  other*coverage lost*"])
    assert run(BOTH, COMPARE, FAST, "-k", "right").ret == 0
    result = run(BOTH, COMPARE, f"{UPDATE}=removed", FAST, "-k", "right")
    result.stdout.fnmatch_lines(["*'removed' cannot be accepted after a partial run*"])
    assert "other dx" in baseline()
    assert run(RIGHT, COMPARE, f"{UPDATE}=removed", FAST).ret == 0
    assert "other dx" not in baseline()


def test_digits_that_are_lost_fail_though_the_test_passes(run):
    run(RIGHT, COMPARE, f"{UPDATE}=new", FAST)
    result = run(LOSING, COMPARE, FAST)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["WORSE  square.dx float64 *"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--backcheck-update=new",), "say which baseline"),
        ((COMPARE, "--backcheck-update=all"), "unknown category 'all'; known are new, changed, removed"),
        ((COMPARE, "--backcheck-profile=nightly"), "draws anew each time"),
    ],
)
def test_wrong_use(run, arguments, words):
    result = run(RIGHT, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert words in result.stderr.str()
