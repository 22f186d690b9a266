"""What a session says of code that no drawn case of its tests has reached."""

import sys
from xml.etree import ElementTree

import pytest

from backcheck_reports import read_run
from tests.pytest_plugin.helpers import REPORT, section

FUZZ = """
def big_backward(x, dy):
    if x.size > 10**6:
        return (dy,)
    return (2 * x * dy,)

def test_fuzzed():
    backcheck.verify_rule((square_forward, big_backward), "n", draws=5).assert_ok()

def test_wrong():
    assert not backcheck.verify_rule((square_forward, wrong_backward), "n", draws=5)
"""


@pytest.fixture(autouse=True)
def _untraced():
    if sys.gettrace() is not None:
        pytest.skip("another tool traces this process")


def test_it_is_on_the_terminal_on_the_page_and_in_the_junit_file(run, pytester):
    result = run(FUZZ, REPORT, "--junit-xml=found.xml")
    result.assert_outcomes(passed=2)
    (line,) = [each for each in section(result) if "never run" in each]
    assert line.startswith("square, never run: test_it_is_on_the_terminal")
    assert line.endswith("(if x.size > 10**6)")
    assert read_run(pytester.path / "out/page-records").never_run == (line,)
    assert line.partition(" (")[0] in (pytester.path / "out/page.html").read_text(encoding="utf-8")
    properties = ElementTree.parse(pytester.path / "found.xml").iter("property")
    (told,) = [each.get("value") for each in properties if "never run" in each.get("value")]
    assert "never run=test_it_is_on_the_terminal" in told


def test_it_can_be_switched_off(run):
    assert not any("never run" in each for each in section(run(FUZZ, "--backcheck-no-coverage")))
