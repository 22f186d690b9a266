"""The list has every record to the bit while they fit. What is left out is counted, and is never what matters most."""

import base64
import json
import math
import random
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backcheck_reports import Verdict, summarise
from backcheck_reports.page import cases, page
from backcheck_reports.page.page import render
from backcheck_reports.statistics.listed_records import WORST, Selection, badness

SPECIAL = (math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e16, 1e-5)


def unpacked(shown):
    return json.loads(zlib.decompress(base64.b64decode(shown.data)))


def column(block, name):
    """A column's texts, as the page's script reads them."""
    if name in block["words"]:
        return [block["words"][name]["values"][code] for code in block["words"][name]["codes"]]
    texts = block["numbers"][name].split(" ")
    if name != "got":
        return texts
    return [want[: int(text[0], 36)] + text[1:] for want, text in zip(column(block, "want"), texts, strict=True)]


def chosen(records, most):
    selection = Selection(most)
    for record in records:
        selection.add(record)
    return selection.chosen()


@pytest.fixture
def many(make):
    """400 cases of 5 records: a few disagreements, a few close calls."""
    rng = random.Random(0)
    verdicts = [Verdict.AGREE] * 60 + [Verdict.DISAGREE, Verdict.KINK]
    return [
        make(case=f"{case:04x}", party=party, verdict=rng.choice(verdicts), fraction=rng.random())
        for case in range(400)
        for party in ("numpy", "torch", "jax", "differences", "exact")
    ]


@given(st.lists(st.tuples(st.floats() | st.sampled_from(SPECIAL), st.floats() | st.sampled_from(SPECIAL)), min_size=1))
def test_numbers_survive_to_the_bit(make, pairs):
    records = [make(got=got, want=want, allowed=abs(want)) for got, want in pairs]
    block = unpacked(cases.case_list(chosen(records, 10_000)))
    assert column(block, "got") == [repr(got) for got, _ in pairs]
    assert column(block, "want") == [repr(want) for _, want in pairs]
    assert column(block, "allowed") == [repr(abs(want)) for _, want in pairs]


def test_everything_a_row_tells_is_there(make):
    record = make(tensor="p3", reason="so it is", index=(2, 1), network=7, dtype="float32")
    block = unpacked(cases.case_list(chosen([record], 10)))
    told = {name: column(block, name)[0] for name in (*block["words"], *block["numbers"])}
    assert told == {
        "verdict": "agree", "rule": "dense", "tensor": "dw", "party": "subject", "dtype": "float32", "shape": "3×2",
        "case": "c0ffee00", "array": "p3", "inputs": "generic normal", "network": "7", "index": "[2, 1]",
        "reason": "so it is", "ulps": "0.500", "fraction": "0.0100", "resolution": "1.00e-13", "relative": "1.00e-16",
        "allowed": "1e-15", "want": "0.1", "got": "0.1", "finding": "",
    }  # fmt: skip


def test_all_are_listed_while_they_fit(many, a_run):
    summary = summarise(many)
    assert summary.chosen.in_order() == many
    assert "All 2,000 records of the run" in render(a_run, summary, {})


def test_a_choice_has_the_disagreements_the_worst_and_whole_cases(many):
    found = chosen(many, 500)
    kept = found.in_order()
    assert len(kept) == len(set(map(id, kept))) <= 500
    assert all(record in kept for record in many if record.verdict == Verdict.DISAGREE)
    for party in {record.party for record in many}:
        ranked = sorted((record for record in many if record.party == party), key=badness)
        assert all(record in kept for record in ranked[-WORST:])
    by_lot = {record.case for _, record in found.sample[:300]}
    assert len(by_lot) > 50
    assert sum(record.case in by_lot for record in kept) == 5 * len(by_lot), "with every party's answer"


def test_the_sentence_counts_every_listed_record(many, a_run):
    summary = replace(summarise(many), chosen=chosen(many, 500))
    shown, listed = cases.case_list(summary.chosen), summary.chosen.in_order()
    failing = sum(record.verdict == Verdict.DISAGREE for record in many)
    worst = sum(record.verdict != Verdict.DISAGREE for _, record in summary.chosen.worst)
    assert shown.sentence == (
        f"{len(listed)} of 2,000 records of the run are listed: all {failing} disagreements, {worst} more that are "
        f"among the 5 worst of their rule, party and dtype, and {len(listed) - failing - worst} of cases drawn by lot."
    )
    assert f"The other {2000 - len(listed):,} are in the folder" in render(a_run, summary, {})
    assert unpacked(shown)["rows"] == len(listed)


def test_the_sample_does_not_depend_on_the_order(many):
    again = random.Random(1).sample(range(400), 400)
    shuffled = [record for case in again for record in many[5 * case : 5 * case + 5]]
    first, second = (sorted(record.case for _, record in chosen(some, 500).sample) for some in (many, shuffled))
    assert len(set(first) & set(second)) > 0.9 * len(set(first)), (
        "equal ones among the worst may differ, the sample does not"
    )


def test_a_case_larger_than_the_list_is_cut(make):
    found = chosen([make(tensor=f"p{place}") for place in range(100)], 30)
    assert (len(found), found.total) == (30, 100)


def test_too_large_a_block_is_made_smaller(make):
    rng = random.Random(0)
    records = [make(case=str(rng.random()), reason=str(rng.random()) * 20, want=rng.random()) for _ in range(3000)]
    shown = cases.case_list(chosen(records, 3000), 50_000)
    assert 25_000 < len(shown.data) <= 50_000
    assert shown.left == f"{3000 - unpacked(shown)['rows']:,}"
    assert unpacked(cases.case_list(chosen(records, 3000), -1))["rows"] == 0, "no room, and it ends"


def test_what_else_is_on_the_page_takes_room_from_the_list(make, a_run, monkeypatch):
    records = [make(case=f"{case:x}", reason=f"{hash((case, 1))}") for case in range(2000)]
    whole = len(render(a_run, summarise(records), {}))
    monkeypatch.setattr(page, "PAGE_BYTES", whole - 10_000)
    text = render(a_run, summarise(records), {})
    assert whole - 30_000 < len(text) <= whole - 10_000
    assert "of 2,000 records of the run are listed" in text


def test_memory_is_bounded_by_the_list(make):
    def peak(number):
        tracemalloc.start()
        chosen((make(case=str(case)) for case in range(number)), 1000)
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    assert peak(20_000) < 1.5 * peak(5_000)


def test_the_plain_table_is_of_the_worst(make, a_run):
    calm = [make(case=f"a{place}", fraction=place / 1000) for place in range(300)]
    wrong = make(case="worst", verdict=Verdict.DISAGREE, fraction=math.nan)
    unjudged = make(case="last", verdict=Verdict.KINK, fraction=math.inf)
    lines = cases.case_list(chosen([unjudged, *calm, wrong], 1000)).lines
    assert [line.case for line in lines][:3] == ["worst", "a299", "a298"]
    assert len(lines) == cases.PLAIN_ROWS
    assert "The 100 worst of 302" in render(a_run, summarise([unjudged, *calm, wrong]), {})


def test_strings_from_outside_cannot_leave_the_block(make):
    shown = cases.case_list(chosen([make(reason="</script><!--\u2028\ud800")], 10))
    assert not set(shown.data) & set("<>&\"'\u2028")
    assert column(unpacked(shown), "reason") == ["</script><!--\u2028\ud800"]
