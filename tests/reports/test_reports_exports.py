"""Every format holds what the run holds, and no file is ever half written."""

import csv
import json
import math
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backcheck_reports import Run, ShardWriter, StoreError, Verdict, read_records, write_note, write_run
from backcheck_reports.exports.formats import FORMATS, export, held
from backcheck_reports.storage import parquet
from backcheck_reports.storage.codec import FIELDS, decode
from backcheck_reports.storage.files import open_part
from tests.reports.conftest import SOUND
from tests.reports.test_reports_page import HOSTILE

ODDITIES = (math.nan, math.inf, -math.inf, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1)
STRINGS = ("case", "tensor", "rule", "argument", "party", "dtype", "profile", "reason")


@pytest.fixture
def folder(tmp_path, a_run, note):
    """A run with odd numbers, a disagreement that a note tells of, and something unavailable."""
    odd = [replace(SOUND, case=f"c{place}", got=value, ulps=value) for place, value in enumerate(ODDITIES)]
    wrong = replace(SOUND, rule="layer_norm", argument="gamma", verdict=Verdict.DISAGREE, got=0.4, fraction=9.0)
    missing = replace(SOUND, party="jax", verdict=Verdict.UNAVAILABLE, reason="float64 only")
    write_run(tmp_path, a_run)
    write_note(tmp_path, replace(note, title="layer_norm.gamma  float64"))
    with ShardWriter(tmp_path, 0) as out:
        out.records([*odd, wrong, missing])
        out.case({"id": "c0"})
    return tmp_path


def test_every_format_lands_in_the_folder_under_its_name(folder):
    pytest.importorskip("duckdb")
    before = {path.name for path in folder.iterdir()}
    run = held(folder)
    for kind in FORMATS:
        export(kind, run)
    assert {path.name for path in folder.iterdir()} - before == {each.name for each in FORMATS.values()}


def test_the_summary_in_json(folder):
    data = json.loads(export("json", held(folder)).read_text(), parse_constant=pytest.fail)
    assert data["outcome"] == "1 rule is wrong: layer_norm"
    assert data["complete"] is True
    assert data["totals"]["verdicts"]["agree"] == len(ODDITIES)
    assert data["totals"]["parties"] == ["jax", "numpy"]
    assert [row["rule"] for row in data["rows"]] == ["dense", "dense", "layer_norm"]
    assert data["rows"][1]["worst_ulps"] == "nan"
    (finding,) = data["findings"]
    assert (finding["rule"], finding["party"], finding["verdicts"]) == ("layer_norm", "numpy", 1)
    assert finding["parts"] == [{"tensor": "gamma", "verdict": "disagree", "promise": False, "count": 1}]
    assert repr(decode(data["disagreements"][0], "")) == repr(held(folder).summary.disagreements[0])


def test_the_summary_in_markdown_is_that_of_the_job(folder):
    text = export("markdown", held(folder)).read_text()
    assert text.startswith("<!-- generator: backcheck -->\n## 1 rule is wrong: layer&#95;norm\n")
    assert "| layer&#95;norm | the gradient of gamma is wrong | c0ffee00 | dgamma is 4 times too large" in text


def test_junit_has_a_case_for_each_rule_party_and_dtype_and_a_failure_for_each_finding(folder):
    root = ElementTree.parse(export("junit", held(folder))).getroot()
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    wrong = cases["backcheck.layer_norm", "layer_norm is right"].find("failure")
    assert "the gradient of gamma is wrong: dgamma is 4 times too large, and the batch is 4." in wrong.get("message")
    assert cases["backcheck.layer_norm", "numpy float64"].find("failure") is None
    assert "backcheck replay c0ffee00" in wrong.text
    assert "nothing was judged: 1 unavailable" in cases["backcheck.dense", "jax float64"].find("skipped").get("message")
    assert [child.tag for child in cases["backcheck.dense", "numpy float64"]] == ["system-out"]
    assert [child.tag for child in cases["backcheck", "complete and readable"]] == ["system-out"]
    counts = [(each.get("name"), each.get("tests"), each.get("failures"), each.get("skipped")) for each in root]
    assert counts == [("the run", "1", "0", "0"), ("dense", "2", "0", "1"), ("layer_norm", "2", "1", "1")]


def test_junit_has_an_error_for_a_run_that_is_not_finished_or_not_readable(folder, a_run):
    write_run(folder, replace(a_run, complete=False))
    with open(folder / "records-0000.jsonl", "a") as file:
        file.write("{}\n")
    (error,) = ElementTree.parse(export("junit", held(folder))).getroot().iter("error")
    assert error.get("message").startswith("The run is not finished. 1 record could not be read.")


def test_csv_holds_every_record_to_the_bit(folder):
    with open(export("csv", held(folder)), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == FIELDS
    for row, record in zip(rows, read_records(folder), strict=True):
        assert repr(float(row["got"])) == repr(record.got)
        assert tuple(json.loads(row["shape"])) == record.shape
        assert row["verdict"] == record.verdict


def test_a_cell_is_never_a_formula(tmp_path):
    write_run(tmp_path, Run())
    with ShardWriter(tmp_path, 0) as out:
        out.records([replace(SOUND, rule="=1+1", reason="@SUM(A1)", got=-1.5)])
    with open(export("csv", held(tmp_path)), newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["rule"], row["reason"], row["got"]) == ("'=1+1", "'@SUM(A1)", "-1.5")


@pytest.mark.parametrize("text", [HOSTILE, "\x00\x1b[31m\ud800\uffff]]>", 'a,"b"\r\nc|`*', "x" * 10_000])
@pytest.mark.parametrize("kind", FORMATS)
def test_hostile_text_breaks_no_format(tmp_path, kind, text):
    if kind == "parquet":
        pytest.importorskip("duckdb")
    records = [replace(SOUND, **dict.fromkeys(STRINGS, text), verdict=verdict) for verdict in Verdict]
    write_run(tmp_path, Run({text: text}, {text: text}, text))
    with ShardWriter(tmp_path, 0) as out:
        out.records(records)
    path = export(kind, held(tmp_path), tmp_path / "out" / "file")
    if kind == "junit":
        assert len(list(ElementTree.parse(path).getroot().iter("testcase"))) == 3
    if kind == "csv":
        with open(path, newline="", encoding="utf-8") as file:
            assert len(list(csv.reader(line.replace("\0", "") for line in file))) == len(Verdict) + 1
    if kind == "json":
        assert json.loads(path.read_text())["totals"]["networks"] == 1
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_parquet_gives_the_same_records_and_the_same_page(folder, tmp_path_factory):
    pytest.importorskip("duckdb")
    other = tmp_path_factory.mktemp("other")
    for name in ("run.json", "notes"):
        (folder / name).rename(other / name)
    (other / "run.json").replace(folder / "run.json")
    (other / "notes").rename(folder / "notes")
    run = held(folder)
    write_run(other, run.run)
    for note in run.notes.values():
        write_note(other, note)
    export("parquet", run, other / "records.parquet")
    assert list(map(repr, read_records(other))) == list(map(repr, read_records(folder)))
    assert export("html", held(other)).read_text() == export("html", run).read_text()


@settings(max_examples=8)
@given(
    st.lists(
        st.builds(
            replace,
            st.just(SOUND),
            got=st.floats(),
            ulps=st.floats(),
            index=st.lists(st.integers(0, 2**63 - 1)).map(tuple),
            reason=st.text(),
            verdict=st.sampled_from(Verdict),
        ),
        max_size=40,
    )
)
def test_any_record_survives_parquet(tmp_path_factory, records):
    pytest.importorskip("duckdb")
    folder = tmp_path_factory.mktemp("parquet")
    parquet.write(folder / "records.parquet", records)
    assert list(map(repr, read_records(folder))) == list(map(repr, records))


def test_parquet_that_is_newer_or_damaged(folder, tmp_path_factory):
    duckdb = pytest.importorskip("duckdb")
    other = tmp_path_factory.mktemp("other")
    write_run(other, Run())
    export("parquet", held(folder), folder / "copy.parquet")
    change = "* EXCLUDE (reason) REPLACE (3 AS format, CASE WHEN \"case\" = 'c0' THEN NULL ELSE ulps END AS ulps)"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {change}, 1 AS colour FROM '{folder}/copy.parquet') TO '{other}/records.parquet'"
        )
    run = held(other)
    assert run.summary.lost == 1
    assert "missing ulps" in run.summary.cautions[0]
    assert run.summary.cautions[1] == "9 records of a newer format (3): fields colour ignored."
    (other / "records.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(StoreError, match=r"cannot read .*records\.parquet: .*make it again with"):
        held(other)


def test_a_copy_in_parquet_beside_the_plain_files_is_not_counted_twice(folder):
    pytest.importorskip("duckdb")
    export("parquet", held(folder))
    summary = held(folder).summary
    assert summary.totals.verdicts == len(ODDITIES) + 2
    assert summary.cautions == ("records.parquet was not read: the folder has the records shard by shard.",)


def test_whole_numbers_that_parquet_cannot_hold_are_named(tmp_path):
    pytest.importorskip("duckdb")
    write_run(tmp_path, Run())
    with ShardWriter(tmp_path, 0) as out:
        out.records([replace(SOUND, entries=2**70)])
    with pytest.raises(StoreError, match="whole numbers must fit 64 bits, or choose --format csv"):
        export("parquet", held(tmp_path))
    assert not list(tmp_path.glob("*parquet*"))


def test_without_duckdb_the_error_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'backcheck\[scale\]'"):
        export("parquet", held(folder))
    assert export("html", held(folder)).exists()
    (folder / "records-0000.jsonl").unlink()
    (folder / "records.parquet").write_bytes(b"")
    with pytest.raises(ModuleNotFoundError, match="which is not installed here"):
        held(folder)


@pytest.mark.parametrize("name", ["run.json", "records-0000.jsonl", "cases-0000.jsonl"])
def test_the_run_itself_is_never_overwritten(folder, name):
    before = (folder / name).read_bytes()
    with pytest.raises(StoreError, match="holds what the run is read from, expected another file"):
        export("json", held(folder), folder / "notes" / ".." / name)
    assert (folder / name).read_bytes() == before


@pytest.mark.parametrize("kind", ["html", "json", "markdown", "junit", "csv"])
def test_what_breaks_off_leaves_the_old_file(folder, kind, monkeypatch):
    target = folder / "out" / "file"
    export(kind, held(folder), target)
    before = target.read_bytes()
    monkeypatch.setattr("os.replace", lambda *names: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        export(kind, held(folder), target)
    assert target.read_bytes() == before
    assert len(list(target.parent.iterdir())) == 1


def test_a_folder_is_no_target(folder):
    for kind in FORMATS:
        if kind != "parquet":
            with pytest.raises(StoreError, match="it is a folder, expected a file; give another place"):
                export(kind, held(folder), folder)


def test_a_part_takes_any_text(tmp_path):
    with open_part(tmp_path / "x") as file:
        file.write("\ud800")
    assert (tmp_path / "x").read_text() == "?"
