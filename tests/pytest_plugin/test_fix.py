"""`--backcheck-fix`: the edit beside the failure, and on the card of the page. The search itself has its own tests."""

import pytest

from backcheck.subjects.repair.fix import FileChange, Fix

pytest.importorskip("libcst")
TESTS = """
def test_wrong():
    backcheck.check_vjp(lambda x: (x * x, x), lambda x, dy: x * dy, X).assert_ok()


def test_right():
    backcheck.check_vjp(lambda x: (x * x, x), lambda x, dy: 2 * x * dy, X).assert_ok()
"""
KNOWN = Fix((FileChange("mine.py", "dx = x * dy\n", "dx = 2 * x * dy\n"),), 200, "a factor is missing")


@pytest.fixture
def searches(monkeypatch):
    """What is looked for, without the seconds that it takes."""
    asked = []

    def repaired(check, seconds, draws, seed):
        asked.append(check.name)
        return KNOWN

    monkeypatch.setattr("backcheck.subjects.repair.entry.repaired", repaired)
    return asked


def test_the_edit_stands_with_the_failure_and_on_the_page(run, searches, pytester):
    result = run(f"import backcheck\nX = [0.5, -1.0]\n{TESTS}", "--backcheck-fix", "--backcheck-report=page.html")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*Captured backcheck call*", "FIX  mine.py:1", "  - dx = x ? dy", "  + dx = 2 ? x ? dy"]
    )
    page = (pytester.path / "page.html").read_text(encoding="utf-8")
    assert "<figcaption>Fix" in page
    assert "+dx = 2 * x * dy" in page
    assert len(searches) == 1


def test_nothing_is_looked_for_unless_it_is_asked(run, searches):
    result = run(f"import backcheck\nX = [0.5, -1.0]\n{TESTS}")
    result.assert_outcomes(passed=1, failed=1)
    assert not searches
    assert "FIX" not in result.stdout.str()
