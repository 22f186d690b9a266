"""Counts are right, percentages never round to all or nothing, and medians from bins are near the real ones."""

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backcheck_reports import Totals, Verdict, headline, outcome, percent, summarise
from backcheck_reports.number_format import exact, short
from backcheck_reports.statistics.example_records import CLOSEST, SHOWN
from backcheck_reports.statistics.histogram import Histogram
from backcheck_reports.statistics.summary import MOST_REASONS


@settings(deadline=None)
@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_percentage_is_full_or_empty_only_when_it_is(part, extra):
    whole = part + extra
    assert percent(part, whole) not in ("100 %", "100.0 %")
    assert (percent(part, whole) in ("0 %", "0.0 %")) == (part == 0)
    assert percent(whole, whole) == "100 %"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "–"), (1, 3, "33.3 %"), (999_999, 1_000_000, ">99.9 %"), (1, 10**9, "<0.1 %"), (999, 1000, "99.9 %")],
)
def test_percentages(part, whole, said):
    assert percent(part, whole) == said


def test_totals_count_tensors_once_and_verdicts_each(make):
    records = [make(party=party, tensor=name) for party in ("numpy", "torch", "jax") for name in ("p0", "p1", "output")]
    totals = summarise([*records, make(case="other", verdict=Verdict.KINK)]).totals
    assert (totals.networks, totals.gradients, totals.outputs, totals.entries) == (2, 3, 1, 24)
    assert (totals[Verdict.AGREE], totals[Verdict.KINK], totals.verdicts) == (9, 1, 10)
    assert totals.parties == {"numpy", "torch", "jax"}


def test_totals_add_up(make):
    one = [make(case=str(case), party="numpy") for case in range(3)]
    two = [make(case=str(case), party="torch", verdict=Verdict.VACUOUS) for case in range(3, 7)]
    assert summarise(one).totals + summarise(two).totals == summarise(one + two).totals + Totals()


def test_the_order_of_records_does_not_matter_to_counts(make):
    records = [make(case=str(case), tensor=f"p{case % 3}", party="nt"[case % 2]) for case in range(20)]
    assert summarise(records).rows == summarise(sorted(records, key=lambda record: record.party)).rows


def test_the_headline_omits_what_did_not_happen():
    totals = Totals(500, 2431, 0, 812_332, frozenset("abcde"), {Verdict.AGREE: 9871, Verdict.KINK: 211})
    assert headline(totals) == (
        "2,431 gradients of 500 networks, 812,332 entries, each computed in 5 ways: "
        "9,871 verdicts agree, 0 disagree, 211 at a kink."
    )


def test_the_headline_in_the_singular():
    totals = Totals(1, 1, 1, 1, frozenset("a"), {Verdict.AGREE: 1, Verdict.DISAGREE: 1})
    assert headline(totals) == (
        "1 gradient and 1 forward value of 1 network, 1 entry, each computed in 1 way: 1 verdict agrees, 1 disagrees."
    )
    assert headline(Totals()) == "No gradient was judged."


@pytest.mark.parametrize(
    ("counts", "complete", "said"),
    [
        ({Verdict.AGREE: 1200}, True, "All 1,200 verdicts agree"),
        ({Verdict.AGREE: 1}, True, "The one verdict agrees"),
        ({Verdict.AGREE: 10**9, Verdict.VACUOUS: 1}, True, "No disagreement found"),
        ({Verdict.AGREE: 10}, False, "No disagreement found so far, the run is not complete"),
        ({Verdict.AGREE: 10, Verdict.DISAGREE: 1}, True, "1 verdict disagrees"),
        ({Verdict.AGREE: 10, Verdict.DISAGREE: 2}, False, "2 verdicts disagree so far, the run is not complete"),
        ({Verdict.VACUOUS: 10}, True, "Nothing was shown to agree"),
        ({}, True, "Nothing was shown to agree"),
    ],
)
def test_the_outcome_says_all_only_when_it_is_true(counts, complete, said):
    assert outcome(Totals(counts=counts), complete) == said


def test_rows_are_ordered_and_forward_values_stand_last(make):
    changes = [("relu", "numpy"), ("dense", "torch"), ("dense", "numpy")]
    records = [make(rule=rule, party=party) for rule, party in changes]
    rows = summarise([make(tensor="output", rule="add"), *records]).rows
    assert [(row.rule, row.party) for row in rows] == [
        ("dense", "numpy"),
        ("dense", "torch"),
        ("relu", "numpy"),
        ("forward value", "numpy"),
    ]


def test_only_judged_records_move_the_numbers(make):
    other = make(verdict=Verdict.OUT_OF_RANGE, ulps=math.inf, fraction=math.inf, resolution=math.inf)
    (row,) = summarise([make(ulps=0.5), make(case="b", ulps=2.0), other]).rows
    assert (row.cases, row.tensors, row.worst_ulps, row.worst_fraction, row.worst_resolution) == (
        2,
        3,
        2.0,
        0.01,
        1e-13,
    )
    (row,) = summarise([make(fraction=0.25), make(case="b", verdict=Verdict.KINK, fraction=1.0)]).rows
    assert row.worst_fraction == 0.25
    (row,) = summarise([other]).rows
    assert (row.median_ulps, row.worst_ulps, row.worst_fraction) == (None, None, None)


def test_a_nan_is_the_worst_there_is(make):
    wrong = make(verdict=Verdict.DISAGREE, ulps=math.nan, fraction=math.nan)
    for records in ([make(ulps=9.0), wrong], [wrong, make(ulps=9.0)], [wrong, make(ulps=math.inf)]):
        assert math.isnan(summarise(records).rows[0].worst_ulps)


@settings(deadline=None)
@given(st.lists(st.floats(0, allow_nan=False), min_size=1))
def test_a_median_from_bins_is_near_the_real_one(values):
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    median = statistics.median_low(values)
    assert histogram.median() == pytest.approx(median, rel=0.1, abs=0)
    assert histogram.largest == max(values)


@settings(deadline=None)
@given(st.lists(st.floats(0)), st.lists(st.floats(0)), st.integers(-1074, 1023))
def test_histograms_add_up(one, two, power):
    both, first, second = Histogram(), Histogram(), Histogram()
    for value in one + two:
        both.add(value)
    for histogram, values in ((first, one), (second, two)):
        for value in values:
            histogram.add(value)
    first.merge(second)
    assert repr(first.largest) == repr(both.largest)
    assert (first.pages, first.total, first.octaves()) == (both.pages, both.total, both.octaves())
    assert [first.quantile(part) for part in (0, 0.1, 0.9, 1)] == [both.quantile(part) for part in (0, 0.1, 0.9, 1)]
    assert first.below(2.0**power) == sum(value < 2.0**power for value in one + two)


def test_the_closest_calls_are_the_largest_fractions_of_each_party(make):
    records = [make(case=str(case), fraction=case / 100, party="nt"[case % 2]) for case in range(40)]
    closest = summarise([*records, make(verdict=Verdict.DISAGREE, fraction=9.0)]).closest
    assert [record.fraction for record in closest["n"]] == [0.38, 0.36, 0.34, 0.32, 0.3]
    assert {party: len(found) for party, found in closest.items()} == {"n": CLOSEST, "t": CLOSEST}


def test_a_bug_everywhere_does_not_hide_one_that_fails_once(make):
    flood = [make(case=str(case), verdict=Verdict.DISAGREE, entries=1000 - case) for case in range(900)]
    rare = make(case="rare", rule="softmax", argument="x", verdict=Verdict.DISAGREE)
    summary = summarise([*flood, rare])
    assert len(summary.disagreements) == SHOWN
    assert summary.disagreements[0].entries == 101, "the simplest first"
    assert summary.disagreements[1] == rare
    assert [(finding.rule, finding.verdicts) for finding in summary.findings] == [("dense", 900), ("softmax", 1)]


def test_reasons_are_counted_and_bounded(make):
    records = [make(verdict=Verdict.UNAVAILABLE, reason=f"reason {place}") for place in range(MOST_REASONS + 20)]
    reasons = summarise([*records, records[0]]).reasons
    assert len(reasons) == MOST_REASONS + 1
    assert {reason.count for reason in reasons} == {1, 2, 20}


def test_no_records_are_no_error():
    summary = summarise([])
    assert (summary.rows, summary.disagreements, summary.totals) == ((), (), Totals())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"),
        (0.0, "0"),
        (-0.0, "-0"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (0.5, "0.500"),
        (812.0, "812"),
        (123456.0, "1.23e+05"),
        (5e-324, "4.94e-324"),
    ],
)
def test_short_numbers(value, said):
    assert short(value) == said


@settings(deadline=None)
@given(st.floats(allow_nan=False))
def test_exact_numbers_read_back(value):
    assert math.copysign(1, float(exact(value))) == math.copysign(1, value)
    assert float(exact(value)) == value
