"""What is written comes back to the bit, and a damaged file gives an error that says what is wrong."""

import json
import math
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from backcheck_reports import (
    Run,
    ShardWriter,
    StoreError,
    check_writable,
    find_case,
    finished_shards,
    read_notes,
    read_records,
    read_run,
    write_note,
    write_run,
)
from backcheck_reports.storage.codec import decode, encode

ODDITIES = (math.nan, math.inf, -math.inf, -0.0, 0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308)


def shard(folder: Path, records, cases=(), number: int = 0) -> None:
    with ShardWriter(folder, number) as writer:
        writer.records(records)
        for case in cases:
            writer.case(case)


def edit(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes) + "\n")


@pytest.mark.parametrize("value", ODDITIES)
def test_every_odd_float_survives(tmp_path, make, value):
    record = make(got=value, want=-value, absolute=value, ulps=value, fraction=value, allowed=value, resolution=value)
    shard(tmp_path, [record])
    assert repr(next(read_records(tmp_path))) == repr(record)


def test_numpy_scalars_are_welcome(tmp_path, make):
    shard(tmp_path, [make(got=np.float32(0.1), entries=np.int64(6))], [{"id": "a", "x": np.array([1.0, np.nan])}])
    assert next(read_records(tmp_path)).got == float(np.float32(0.1))
    assert find_case(tmp_path, "a")["x"] == [1.0, "nan"]


def test_shards_come_in_order(tmp_path, make):
    for number in (10, 2, 12345):
        shard(tmp_path, [make(network=number)], number=number)
    assert finished_shards(tmp_path) == (2, 10, 12345)
    assert [record.network for record in read_records(tmp_path)] == [2, 10, 12345]


def test_an_interrupted_repeat_keeps_the_whole_shard(tmp_path, make):
    shard(tmp_path, [make()])
    with pytest.raises(ZeroDivisionError):
        shard(tmp_path, (make(network=1 // place) for place in (1, 0)))
    assert len(list(read_records(tmp_path))) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases-0000.jsonl", "records-0000.jsonl"]


def test_an_error_of_the_code_that_makes_the_records_is_not_changed(tmp_path):
    def failing():
        raise TimeoutError("the oracle did not answer")
        yield

    with pytest.raises(TimeoutError):
        shard(tmp_path, failing())
    assert list(tmp_path.iterdir()) == [], "an attempt that wrote nothing leaves nothing"


def test_unknown_fields_are_ignored(tmp_path, make, a_run):
    shard(tmp_path, [make()])
    edit(tmp_path / "records-0000.jsonl", colour="blue")
    write_run(tmp_path, a_run)
    edit(tmp_path / "run.json", colour="blue")
    assert repr(next(read_records(tmp_path))) == repr(make())
    assert read_run(tmp_path) == a_run


TRAINING = {"data": "digits", "layers": [4, 3], "loss": [1.0, 0.5], "accuracy": [0.5, 0.9], "checked": []}


def test_a_run_survives(tmp_path):
    run = Run(recipe={"dtypes": ["float32"]}, training=TRAINING, notes=("relu at 0",), started="now")
    write_run(tmp_path / "deep" / "run", run)
    assert read_run(tmp_path / "deep" / "run") == run


def test_conventions_and_gallery_survive_and_an_older_run_has_none(tmp_path, disputed, a_run):
    write_run(tmp_path, disputed)
    assert read_run(tmp_path) == disputed
    path = tmp_path / "run.json"
    older = {
        name: value for name, value in json.loads(path.read_text()).items() if name not in ("conventions", "gallery")
    }
    path.write_text(json.dumps(older))
    assert read_run(tmp_path) == a_run
    edit(path, gallery={"rule": "relu"})
    with pytest.raises(StoreError, match="gallery: expected array, got object"):
        read_run(tmp_path)


def test_notes_survive(tmp_path, note):
    write_run(tmp_path, Run())
    assert read_notes(tmp_path) == {}
    write_note(tmp_path, note)
    assert read_notes(tmp_path) == {note.id: note}


@pytest.mark.parametrize("id", ["../escape", "", "a/b", ".hidden", "a\0b"])
def test_a_note_cannot_leave_its_folder(tmp_path, note, id):
    with pytest.raises(StoreError, match="letters, digits"):
        write_note(tmp_path, type(note)(**asdict(note) | {"id": id}))


def test_a_case_is_found_by_its_beginning(tmp_path):
    shard(tmp_path, [], [{"id": "abc1"}, {"id": "abc12"}, {"id": "f00", "nodes": [1]}])
    shard(tmp_path, [], [{"id": "f00", "nodes": [1]}], number=1)
    assert find_case(tmp_path, "f") == {"id": "f00", "nodes": [1]}
    assert find_case(tmp_path, "abc1") == {"id": "abc1"}, "an id in full is not ambiguous"
    with pytest.raises(StoreError, match=r"'ab' fits 2 cases .*abc1, abc12; give more"):
        find_case(tmp_path, "ab")
    with pytest.raises(StoreError, match=r"no case of .* starts with 'zz'"):
        find_case(tmp_path, "zz")


def test_a_case_needs_an_id(tmp_path):
    with pytest.raises(StoreError, match="needs an 'id'"), ShardWriter(tmp_path, 0) as writer:
        writer.case({"nodes": []})


def test_a_missing_folder_is_named(tmp_path):
    for read in (
        read_run,
        read_notes,
        lambda folder: next(read_records(folder)),
        lambda folder: find_case(folder, "a"),
    ):
        with pytest.raises(StoreError, match="nowhere does not exist, expected the folder of a run; make one with"):
            read(tmp_path / "nowhere")


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(StoreError, match=r"no readable run\.json .*expected the folder of a run"):
        read_run(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file is a file"):
        read_run(tmp_path / "file")


def test_a_cut_line_is_named_with_its_number(tmp_path, make):
    shard(tmp_path, [make(), make()])
    path = tmp_path / "records-0000.jsonl"
    path.write_text(path.read_text()[:-40])
    records = read_records(tmp_path)
    next(records)
    with pytest.raises(StoreError, match=r"records-0000\.jsonl line 2: the JSON is cut short .*run again"):
        next(records)


def test_a_cut_run_is_named(tmp_path, a_run):
    write_run(tmp_path, a_run)
    path = tmp_path / "run.json"
    path.write_text(path.read_text()[:50])
    with pytest.raises(StoreError, match=r"run\.json: the JSON is cut short"):
        read_run(tmp_path)
    path.write_text("[]")
    with pytest.raises(StoreError, match="expected object, got array"):
        read_run(tmp_path)


def test_a_newer_format_is_read_as_far_as_it_is_known(tmp_path, make, a_run):
    shard(tmp_path, [make()])
    write_run(tmp_path, a_run)
    edit(tmp_path / "run.json", format=7, colour="blue")
    edit(tmp_path / "records-0000.jsonl", format=7, colour="blue")
    assert read_run(tmp_path) == replace(a_run, format=7)
    assert list(read_records(tmp_path)) == [make(format=7)]
    edit(tmp_path / "records-0000.jsonl", verdict="sublime")
    with pytest.raises(
        StoreError, match=r"newer version \(format 7, this one reads up to 1\): verdict: invalid enum value 'sublime'"
    ):
        list(read_records(tmp_path))


def test_missing_fields_are_named(tmp_path, make, a_run):
    data = json.loads(encode(make()))
    del data["ulps"], data["got"]
    with pytest.raises(StoreError, match="here: missing ulps; upgrade backcheck"):
        decode(data, "here")
    (tmp_path / "run.json").write_text('{"format": 1, "recipe": {}}')
    with pytest.raises(StoreError, match="missing environment; the file is damaged"):
        read_run(tmp_path)


@pytest.mark.parametrize("change", [{"recipe": []}, {"training": "yes"}, {"started": 5}, {"notes": "x"}])
def test_a_run_of_the_wrong_shape_is_refused(tmp_path, a_run, change):
    write_run(tmp_path, a_run)
    edit(tmp_path / "run.json", **change)
    with pytest.raises(StoreError, match=f"{next(iter(change))}: expected"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": [["[0]", "1"]]}, r"table\[0\]: expected array of length 4"),
        ({"table": 3}, "table: expected array, got int"),
        ({"lines": "one"}, "lines: expected array, got str"),
        (
            {"graph": {"nodes": [{"name": "h", "rule": "relu", "reads": "x"}]}},
            r"graph.nodes\[0\].reads: expected array",
        ),
        ({"heat": {"values": [[[]]]}}, r"heat.values\[0\]\[0\]: expected"),
    ],
)
def test_a_damaged_note_is_refused(tmp_path, note, change, said):
    write_note(tmp_path, note)
    edit(tmp_path / "notes" / f"{note.id}.json", **change)
    with pytest.raises(StoreError, match=said):
        read_notes(tmp_path)


def test_a_writable_folder_is_made_and_left_empty(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_what_cannot_be_a_folder_is_refused(tmp_path, a_run):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="it is a file, expected a folder; give another"):
        check_writable(tmp_path / "file")
    for attempt in (check_writable, lambda folder: write_run(folder, a_run), lambda folder: shard(folder, [])):
        with pytest.raises(StoreError, match="file is a file, expected a folder"):
            attempt(tmp_path / "file" / "deep" / "er")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="a place that this user may write to"):
        check_writable(tmp_path)
