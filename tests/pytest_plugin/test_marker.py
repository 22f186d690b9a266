"""The marker: it selects, keeps off the page, and narrows the oracles."""

import pytest

from backcheck_reports import Verdict
from tests.pytest_plugin.helpers import REPORT

MARKED = """
@pytest.mark.backcheck
def test_marked():
    pass

@pytest.mark.backcheck(report=False)
def test_planted():
    assert not wrong()

def test_plain():
    right()
"""


def test_the_marker_selects(run):
    run(MARKED, "-m", "backcheck", "--strict-markers").assert_outcomes(passed=2, deselected=1)


def test_what_is_planted_stays_off_the_page(run, records):
    run(MARKED, REPORT)
    verdicts = {record.verdict for record in records()}
    assert Verdict.AGREE in verdicts
    assert Verdict.DISAGREE not in verdicts


def test_the_marker_narrows_the_oracles_for_its_test(run):
    tests = """
from backcheck.session import asked

@pytest.mark.backcheck(oracles=("torch", "exact"))
def test_narrow():
    print("narrow", asked().oracles)

@pytest.mark.backcheck(oracles="jax")
def test_nobody():
    pass

def test_after():
    print("after", asked().oracles)
"""
    result = run(tests, "-s", "-rs", "--backcheck-oracles=exact,differences")
    result.stdout.fnmatch_lines_random(["*narrow ('exact',)*", "*after ('exact', 'differences')*"])
    result.stdout.fnmatch_lines(["SKIPPED*this test asks jax, this session exact and differences*"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("oracles=('tensorflow',)", "*unknown oracle 'tensorflow'; known are torch, jax, differences, exact*"),
        ("'torch'", "*takes oracles=(...), report=False and precise=True, got 'torch'*"),
        ("orcales=('torch',)", "*takes oracles=(...), report=False and precise=True, got orcales*"),
    ],
)
def test_a_marker_that_means_nothing_is_an_error(run, given, said):
    result = run(f"@pytest.mark.backcheck({given})\ndef test_a(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


LOSING = """
import numpy as np
import backcheck

def lost():
    return backcheck.check_vjp(lambda x: (np.tanh(x), np.tanh(x)), lambda y, dy: (dy * (1 - y * y),), [19.0])

@pytest.mark.backcheck(precise=True)
def test_marked():
    assert not lost()

def test_plain():
    assert bool(lost()) is not backcheck.session.asked().precise

def test_parts(backcheck_subtests):
    lost()
"""


@pytest.mark.parametrize(("given", "failed"), [((), 0), (("--backcheck-precise",), 2), (("ini",), 2)])
def test_a_loss_of_digits_fails_where_precision_is_asked_for(run, pytester, given, failed):
    if given == ("ini",):
        pytester.makeini("[pytest]\nbackcheck_precise = true")
        given = ()
    result = run(LOSING, *given)
    assert result.parseoutcomes().get("failed", 0) == failed  # the subtest, and with it its test
    if failed:
        result.stdout.fnmatch_lines(["*all digits are lost*", "*SUBFAILED*x, subject*"])
