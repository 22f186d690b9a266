"""The section of the page: what it says of a comparison, of a baseline and of a history, all of it as text."""

import re

import pytest

from backcheck_reports import Run, read_run, summarise, write_page, write_run
from backcheck_reports.figures.history import series

HOSTILE = "<script>alert(1)</script>"
ROW = {
    "rule": "tanh", "tensor": "dx", "dtype": "float64", "kind": "digits lost", "cases": 8, "identical": 2,
    "rounding": 1, "moved": "inf", "beyond": 3.0, "old_median_ulps": 0.5, "old_worst_ulps": 1.0, "new_median_ulps": 9.0,
    "new_worst_ulps": 12.0, "old_digits": 15.6, "new_digits": 7.2, "verdicts": {}, "reason": "",
}  # fmt: skip
SPEED = {
    "rule": "tanh", "phase": "backward", "size": "large", "ratio": 2.5, "low": 2.4, "high": 2.6, "verdict": "slower",
    "old_us": 4.0, "new_us": 10.0,
}  # fmt: skip
SMALLEST = {
    "network": "x[1] -> tanh", "arrays": "x = [1.]", "entry": "dx[0]", "old": "0.41", "new": "0.4", "truth": "0.42"
}  # fmt: skip
COMPARISON = {
    "old": HOSTILE, "new": "the working tree", "expected": "agree", "outcome": "1 finding against the expectation",
    "findings": [{"rule": "tanh", "category": "digits", "sentence": HOSTILE, "fails": True, "smallest": SMALLEST}],
    "rows": [ROW, {**ROW, "rule": "relu", "kind": "identical"}], "speeds": [SPEED, {**SPEED, "verdict": "same"}],
    "memories": [{"rule": "tanh", "ratio": 1.5, "old_bytes": 1000, "new_bytes": 1500}], "notes": ["odd: not drawn"],
}  # fmt: skip
BASELINE = {
    "file": "gradients.txt", "lines": 3, "environment": ["numpy: 1 -> 2"], "undrawn": {},
    "differences": [{
        "category": "changed", "fails": True, "sentence": "tanh.dx: digits lost",
        "old": "tanh dx float64 numpy 12 15.3 2 1e-14 agree=12",
        "new": "tanh dx float64 numpy 12 9.0 4e6 1e-14 agree=12",
    }],
}  # fmt: skip
PAST = tuple(
    {"commit": f"{number:040x}", "dirty": False, "digits": {"tanh float64": digits}, "times": {"tanh forward": 1.0}}
    for number, digits in enumerate((15.5, 15.6, 9.1, 9.1), start=1)
)


@pytest.fixture
def page(tmp_path):
    """The page of a run with these changes and history, as it is after the run was stored and read again."""

    def made(**more):
        write_run(tmp_path, Run({}, {}, "2026-01-01T00:00:00+00:00", complete=True, **more))
        write_page(tmp_path / "page.html", read_run(tmp_path), summarise(iter(())), {})
        return (tmp_path / "page.html").read_text()

    return made


def test_a_comparison_says_what_changed_first_and_folds_what_did_not(page):
    text = page(changes=COMPARISON)
    assert HOSTILE not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    section = text[text.index('id="changes"') :]
    for word in (
        "digits lost",
        "15.6 → 7.2",
        "2.40 to 2.60",
        "slower",
        "dx[0]: old 0.41, new 0.4, truth 0.42",
        "1,500",
    ):
        assert word in section
    assert re.search(r"<details[^>]*><summary>Tensors that are identical to the bit \(1\)", section)
    assert 'href="#changes"' in text


def test_a_baseline_shows_the_line_as_it_was_and_as_it_is(page):
    text = page(changes=BASELINE)
    assert "3 checks compared: 1 worse, 0 changed without harm." in text
    assert "another environment than the baseline&#39;s: numpy: 1 -&gt; 2" in text
    assert text.count("tanh dx float64 numpy") == 2


def test_a_page_without_changes_has_no_such_section(page):
    assert 'id="changes"' not in page()
    assert 'id="changes"' not in page(history=PAST[:1])


def test_the_history_draws_what_left_its_level_and_marks_where(page):
    (curve,), level = series(PAST)
    assert curve.name == "tanh float64"
    assert len(curve.marks) == 1
    assert curve.where == "0000000: 15.6 → 9.10"
    assert level == "4 saves; 1 curve of 2 stayed level"
    text = page(history=PAST)
    assert "<polyline" in text
    assert "changed at" in text
