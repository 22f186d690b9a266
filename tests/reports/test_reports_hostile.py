"""Whatever lies in a folder of records, the page shows what can be read, and counts what cannot."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backcheck_reports import Met, Run, ShardWriter, StoreError, Verdict, outcome, read_records, summarise, summary_of
from backcheck_reports.exports.formats import FORMATS, export, held
from backcheck_reports.page.page import render
from backcheck_reports.storage.codec import FIELDS, decode, encode
from backcheck_reports.storage.store import read_run, write_run
from tests.reports.conftest import SOUND
from tests.reports.test_reports_page import HOSTILE, Outline

STRINGS = ("case", "tensor", "rule", "argument", "party", "dtype", "profile", "reason")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def lines_of(folder, *lines):
    """A whole shard of these lines, in a run that is complete."""
    write_run(folder, Run(complete=True))
    (folder / "records-0000.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def good(**changes):
    return encode(replace(SOUND, **changes)).encode()


def test_what_cannot_be_read_is_counted_and_said(tmp_path):
    cut = good()[:-30]
    lines_of(tmp_path, good(), b"{}", b"\xff\xfe", b"", b"[1]", good(tensor="p1"), cut)
    summary = summary_of(tmp_path)
    assert (summary.totals.verdicts, summary.lost) == (2, 5)
    (said,) = summary.cautions
    assert said.startswith("5 records could not be read. records-0000.jsonl line 2: missing case")
    assert outcome(summary.totals, True, summary.lost) == "No disagreement found, and 5 records could not be read"
    with pytest.raises(StoreError, match="line 2"):
        list(read_records(tmp_path))


def test_the_end_of_a_whole_shard_that_was_cut_off_is_lost_and_said(tmp_path):
    lines_of(tmp_path, good(), good(tensor="p1"))
    path = tmp_path / "records-0000.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    lost, cut = summary_of(tmp_path).cautions
    assert "1 record could not be read" in lost
    assert cut == "The last line of records-0000.jsonl was cut off."


def test_a_newer_format_is_read_and_said(tmp_path):
    newer = json.loads(good(format=3)) | {"colour": "blue", "shade": [1]}
    lines_of(tmp_path, good(), json.dumps(newer).encode(), json.dumps(newer | {"ulps": {}}).encode())
    summary = summary_of(tmp_path)
    assert (summary.totals.verdicts, summary.lost) == (2, 1)
    assert summary.cautions[1] == "1 record of a newer format (3): fields colour, shade ignored."
    assert "newer version (format 3" in summary.cautions[0]
    write_run(tmp_path, Run(format=9, complete=True, coverage=({"shape": "another"},), changes={"new": 1}))
    page = render(read_run(tmp_path), summary, {})
    assert "fields colour, shade ignored" in page
    assert "written by a newer version (format 9)" in page


def test_names_of_new_fields_do_not_flood_the_page(tmp_path):
    newer = json.loads(good(format=3)) | {f"{number} {'x' * 10_000}": 1 for number in range(50)}
    lines_of(tmp_path, json.dumps(newer).encode())
    (said,) = summary_of(tmp_path).cautions
    assert len(said) < 1000
    assert "and 42 more ignored" in said


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from((*FIELDS, "colour")), ANYTHING))
def test_any_field_may_be_anything(changes):
    data = json.loads(good()) | changes
    try:
        Outline(render(Run(), summarise([decode(data, "here")]), {}))
    except StoreError as error:
        said = str(error)
    else:
        return
    assert "here" in said
    assert len(said) < 2000


@settings(max_examples=15)
@given(st.lists(st.binary(max_size=80) | st.just(good()), max_size=6), st.binary(max_size=30))
def test_any_bytes_make_a_page(tmp_path_factory, lines, end):
    folder = tmp_path_factory.mktemp("run")
    lines_of(folder, *lines)
    with open(folder / "records-0000.jsonl", "ab") as file:
        file.write(end)
    (folder / ".records-0001.jsonl.0a.part").write_bytes(end)
    met = Met()
    records = list(read_records(folder, met))
    whole = (folder / "records-0000.jsonl").read_bytes().count(b"\n")
    assert whole <= len(records) + met.lost <= whole + 2
    Outline(render(Run(), replace(summarise(records), cautions=met.cautions(), lost=met.lost), {}))


@settings(max_examples=30)
@given(
    st.fixed_dictionaries(dict.fromkeys(STRINGS, st.text() | st.just(HOSTILE))), st.floats(), st.sampled_from(Verdict)
)
def test_no_string_or_number_breaks_the_page(strings, value, verdict):
    numbers = dict.fromkeys(("got", "want", "ulps", "fraction", "allowed", "resolution", "absolute", "relative"), value)
    page = render(Run(), summarise([replace(SOUND, **strings, **numbers, verdict=verdict)]), {})
    outline = Outline(page)
    assert (outline.tags["script"], outline.tags["img"]) == (2, 0), "the page's own, and the data of its list"


def test_names_of_ten_kilobytes(tmp_path):
    long = {name: f"{name}{'<b>' * 3400}" for name in STRINGS}
    records = [replace(SOUND, **long, verdict=verdict, got=math.nan) for verdict in Verdict]
    write_run(tmp_path, Run())
    with ShardWriter(tmp_path, 0) as out:
        out.records(records)
    run = held(tmp_path)
    assert run.summary.totals.verdicts == len(Verdict)
    for kind in FORMATS:
        if kind != "parquet":
            assert export(kind, run).stat().st_size < 5_000_000
    Outline((tmp_path / "agreement.html").read_text())
