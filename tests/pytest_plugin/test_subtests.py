"""Verdicts as subtests: judged ones pass or fail, the others are skipped with their reason."""

import pytest

from tests.pytest_plugin.helpers import SUBTESTS


def test_a_subtest_for_each_tensor_and_party(run):
    result = run(SUBTESTS, "-v", "-rA")
    said = result.stdout
    said.fnmatch_lines_random(
        ["*test_right*SUBPASSED[[]square dx, subject[]]*", "*SUBPASSED[[]square dx, exact arithmetic[]]*"]
    )
    said.fnmatch_lines_random(
        ["*test_wrong*SUBFAILED[[]square dx, subject[]]*", "*SUBPASSED[[]square dx, finite differences[]]*"]
    )
    said.fnmatch_lines_random(["*got * at [[]*[]], want *, allowed *; case *"])
    failed = {line.split("::")[1].split()[0] for line in result.outlines if line.startswith("FAILED")}
    assert failed == {"test_wrong"}


def test_what_was_not_judged_is_a_skipped_subtest_with_its_reason(run):
    result = run("def test_vacuous(backcheck_subtests):\n    right(cotangent=ZERO)\n", "-v", "-rs")
    result.stdout.fnmatch_lines_random(["*SUBSKIPPED[[]square dx, subject[]]*", "*SKIPPED* vacuous*"])
    assert not [line for line in result.outlines if "SUBPASSED[square dx" in line]
    assert result.ret == pytest.ExitCode.OK


def test_a_party_that_is_the_outlier_fails_no_subtest_of_a_right_subject(run):
    tests = """
def test_outlier(backcheck_subtests):
    assert right(torch=lambda x: x * x.detach())
"""
    result = run(tests, "-v", "-rs")
    result.stdout.fnmatch_lines_random(["*SUBSKIPPED[[]square dx, PyTorch[]]*", "*SKIPPED* outlier: *"])
    assert result.ret == pytest.ExitCode.OK


def test_hypothesis_examples_are_one_subtest_together(run):
    tests = """
@backcheck.given_rule("square", draws=12)
def test_mine(backcheck_subtests, case):
    arrays, dy = case.make()
    with np.errstate(all="ignore"):
        backcheck.check_vjp(square_forward, square_backward, *arrays.values(), cotangent=dy)
"""
    result = run(tests, "-v")
    assert sum("SUBPASSED[square dx, subject]" in line for line in result.outlines) == 1
    assert result.ret == pytest.ExitCode.OK
