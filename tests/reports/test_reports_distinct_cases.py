"""Distinct networks and tensors are counted exactly, in any order, in memory that does not grow with the records."""

import random
import tracemalloc
from collections import defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from backcheck_reports import Verdict, summarise
from backcheck_reports.statistics.example_records import SHOWN
from tests.reports.conftest import SOUND

PARTIES, TENSORS, RULES = ("numpy", "torch", "contract"), ("p0", "p1", "output"), ("dense", "relu")
RECORDS = st.builds(
    replace,
    st.just(SOUND),
    case=st.sampled_from(("a", "b", "c", "\ud800", "")),
    party=st.sampled_from(PARTIES),
    tensor=st.sampled_from(TENSORS),
    rule=st.sampled_from(RULES),
)


@settings(max_examples=60)
@given(st.lists(RECORDS, max_size=30))
def test_counts_are_those_of_sets(records):
    summary = summarise(records)
    tensors = {(each.case, each.tensor) for each in records if each.party != "contract"}
    in_rows = defaultdict(set)
    for each in records:
        forward = each.tensor == "output" and each.party != "contract"
        in_rows["forward value" if forward else each.rule, each.party].add(each.case)
    assert summary.totals.networks == len({each.case for each in records})
    assert summary.totals.gradients == sum(tensor != "output" for _, tensor in tensors)
    assert summary.totals.outputs == sum(tensor == "output" for _, tensor in tensors)
    assert summary.totals.entries == len(tensors) * SOUND.entries
    assert {(row.rule, row.party): row.cases for row in summary.rows} == {k: len(v) for k, v in in_rows.items()}


def test_a_case_that_comes_back_is_counted_once():
    once = [replace(SOUND, case=str(case)) for case in range(50)]
    totals = summarise([*once, *once, *reversed(once)]).totals
    assert (totals.networks, totals.gradients, totals.verdicts) == (50, 50, 150)


def test_memory_does_not_grow_with_the_records():
    few, many = (_peak(number) for number in (2_000, 12_000))
    assert many < few + 200_000, f"{few} bytes for 2,000 records, {many} for 12,000"


def _peak(number):
    """The peak of memory while records of ever new networks are summarised, a tenth of which disagree."""
    draw = random.Random(0)
    verdicts = [Verdict.AGREE] * 9 + [Verdict.DISAGREE]
    stream = (
        replace(
            SOUND,
            case=f"{place // 5:012x}",
            tensor=f"p{place % 5}",
            ulps=draw.random(),
            entries=draw.randrange(100),
            verdict=draw.choice(verdicts),
        )
        for place in range(number)
    )
    tracemalloc.start()
    try:
        summarise(stream, listed=100)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_disagreements_of_many_kinds_do_not_pile_up():
    stream = [
        replace(SOUND, case=str(place), rule=f"rule {place % 300}", verdict=Verdict.DISAGREE, entries=9000 - place)
        for place in range(9000)
    ]
    summary = summarise(stream)
    assert len(summary.disagreements) == SHOWN
    assert len({record.rule for record in summary.disagreements}) == SHOWN, "one of each kind before two of any"
    assert all(record.entries <= 300 for record in summary.disagreements), "the simplest of its kind"
