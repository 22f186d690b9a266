"""Two runs side by side: what got worse comes first, and chance is not reported as a change."""

import math
from collections import Counter
from dataclasses import replace

import pytest

from backcheck_reports import Run, ShardWriter, Verdict, write_run
from backcheck_reports.exports.formats import held
from backcheck_reports.exports.two_runs import beside, write_beside
from backcheck_reports.statistics.regressions import row_change
from backcheck_reports.statistics.summary import SummaryRow
from tests.reports.conftest import SOUND
from tests.reports.test_reports_page import HOSTILE, Outline, readable

ROW = SummaryRow("dense", "numpy", "float64", 20, Counter({Verdict.AGREE: 20}), 2.0, 8.0, 0.1, 1e-12, 1e-10)


def row(agree=20, disagree=0, vacuous=0, **changes):
    counts = Counter({Verdict.AGREE: agree, Verdict.DISAGREE: disagree, Verdict.VACUOUS: vacuous})
    return replace(ROW, counts=counts, **changes)


def run_of(folder, records, **changes):
    write_run(folder, Run(recipe={"networks": 9, "seed": 1}, environment={"numpy": "2.4"}, complete=True, **changes))
    with ShardWriter(folder, 0) as out:
        out.records(records)
    return held(folder)


@pytest.fixture
def sides(tmp_path):
    rules = [replace(SOUND, rule=rule) for rule in ("dense", "relu", "tanh", "gone")]
    slower = replace(SOUND, rule="relu", ulps=9.0)
    wrong = replace(SOUND, rule="tanh", verdict=Verdict.DISAGREE, ulps=math.nan)
    new = [replace(SOUND, rule="dense"), slower, wrong, replace(SOUND, rule="new", verdict=Verdict.KINK)]
    return run_of(tmp_path / "a", rules), run_of(tmp_path / "b", new)


def test_what_got_worse_comes_first_and_the_gravest_before_it(sides):
    page = beside(*sides)
    assert page.outcome == "Wrong now: tanh; 2 lines got worse, 2 only on one side"
    assert [(line.rule, line.label) for line in page.worse] == [("tanh", "disagrees more"), ("relu", "less accurate")]
    assert [line.rule for line in page.same] == ["dense"]
    assert [(title, [lone.rule for lone in rows]) for title, rows in page.only] == [
        ("Only the older run has", ["gone"]),
        ("Only the newer run has", ["new"]),
    ]
    assert (page.worse[0].disagree.old, page.worse[0].disagree.new) == ("0", "1")


def test_the_page_tells_it_without_a_script(sides, tmp_path):
    path = tmp_path / "deep" / "beside.html"
    write_beside(*sides, path)
    page = path.read_text()
    text = readable(page.replace("</script>", "").split("<script>")[0] + "</body></html>")
    for wanted in ("2 lines got worse", "1 rule is wrong: tanh", "disagrees more", "Only the older run has", "1 kink"):
        assert wanted in text
    assert "0.500 → 9.00" in text.replace("  ", " ")
    assert page.index('id="worse"') < page.index('id="only"') < page.index('id="same"')
    assert "://" not in page
    assert page.count("<table") == page.count("<caption")


def test_hostile_text_stays_text(tmp_path):
    strings = dict.fromkeys(("case", "tensor", "rule", "argument", "party", "dtype", "profile", "reason"), HOSTILE)
    records = [replace(SOUND, **strings, verdict=verdict) for verdict in Verdict]
    hostile = {"recipe": {HOSTILE: HOSTILE}, "environment": {HOSTILE: HOSTILE}}
    write_run(tmp_path / HOSTILE.replace("/", ""), Run(**hostile))
    with ShardWriter(tmp_path / HOSTILE.replace("/", ""), 0) as out:
        out.records(records)
    one = held(tmp_path / HOSTILE.replace("/", ""))
    other = run_of(tmp_path / "b", [replace(each, rule=f"{HOSTILE}2") for each in records])
    for pair in ((one, one), (one, other)):
        write_beside(*pair, tmp_path / "page.html")
        outline = Outline((tmp_path / "page.html").read_text())
        assert (outline.tags["script"], outline.tags["img"]) == (1, 0)


def test_a_run_beside_itself_has_nothing_worse(sides):
    page = beside(sides[0], sides[0])
    assert page.outcome == "Nothing got worse"
    assert (page.worse, page.better, page.only, page.differ) == ((), (), (), ())


def test_recipes_that_differ_are_shown_and_counts_become_shares(sides, tmp_path):
    write_run(tmp_path / "b", replace(sides[1].run, recipe={"networks": 9, "seed": 2}))
    page = beside(sides[0], held(tmp_path / "b"))
    assert [(fact.name, fact.values.old, fact.values.new) for fact in page.differ] == [("seed", "1", "2")]
    assert "did not draw the same networks" in page.note
    assert [line.rule for line in page.worse] == ["tanh"], "a worst error of one network is no change of a rule"


@pytest.mark.parametrize(
    ("old", "new", "alike", "label"),
    [
        (row(), row(), True, "same"),
        (row(), row(19, 1), True, "disagrees more"),
        (row(), row(19, 1), False, "disagrees more"),
        (row(10, 10), row(9, 11), False, "same"),
        (row(10, 10), row(9, 11), True, "disagrees more"),
        (row(19, 1), row(), True, "disagrees less"),
        (row(), row(19, 0, 1), True, "agrees less"),
        (row(), row(19, 0, 1), False, "same"),
        (row(), row(5, 0, 15), False, "agrees less"),
        (row(), row(200), False, "same"),
        (row(19, 0, 1), row(), True, "agrees more"),
        (row(), row(median_ulps=2.5), True, "same"),
        (row(), row(median_ulps=3.0), True, "less accurate"),
        (row(), row(median_ulps=3.0), False, "same"),
        (row(), row(median_ulps=4.0), False, "less accurate"),
        (row(5), row(5, median_ulps=4.0), False, "same"),
        (row(median_ulps=1e-36), row(median_ulps=1e-30), True, "same"),
        (row(), row(median_ulps=0.5), True, "more accurate"),
        (row(), row(worst_ulps=math.nan), True, "less accurate"),
        (row(worst_ulps=math.inf), row(worst_ulps=math.nan), True, "same"),
        (row(worst_ulps=math.inf), row(), True, "more accurate"),
        (row(), row(median_resolution=1e-10), True, "coarser"),
        (row(), row(median_resolution=1e-14), True, "finer"),
        (row(median_resolution=None), row(), True, "same"),
        (row(19, 1), row(20, median_resolution=1.0), True, "coarser"),
    ],
)
def test_changes(old, new, alike, label):
    assert row_change(old, new, alike).label == label
