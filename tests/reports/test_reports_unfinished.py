"""A run that was killed or still goes on: what is on the disk is read, and the page says that it is not complete."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from backcheck_reports import (
    Met,
    Run,
    ShardWriter,
    find_case,
    finished_shards,
    outcome,
    read_records,
    summary_of,
    write_page,
    write_run,
)
from backcheck_reports.storage.shards import sources

ROOT = Path(__file__).parents[2]
MAKER = """
import sys, time
from contextlib import suppress
from dataclasses import replace
from backcheck_reports import ShardWriter
from tests.reports.conftest import SOUND
with ShardWriter(sys.argv[1], 3) as out:
    for number in range(10**6):
        out.records([replace(SOUND, network=number, case=f"c{number}")])
        out.case({"id": f"c{number}"})
        print(number, flush=True)
        time.sleep(0.005)
"""


def interrupted(folder, records, number=0):
    """An attempt at a shard that is interrupted after these records."""
    with suppress(KeyboardInterrupt), ShardWriter(folder, number) as out:
        out.records(records)
        out.case({"id": f"case {number}"})
        raise KeyboardInterrupt


def only_part(folder):
    (part,) = folder.glob(".records-*.part")
    return part


def test_a_killed_process_loses_at_most_the_record_it_was_at(tmp_path):
    command = [sys.executable, "-c", MAKER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "reference", ROOT / "reports")))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as maker:
        said = [int(maker.stdout.readline()) for _ in range(20)]
        maker.send_signal(signal.SIGKILL)
        said += [int(line) for line in maker.stdout.read().split()]
    kept = [record.network for record in read_records(tmp_path)]
    assert kept[: len(said)] == said, "every record that was made is there"
    assert len(kept) <= len(said) + 1
    assert finished_shards(tmp_path) == ()
    assert find_case(tmp_path, f"c{said[-1]}")


def test_records_can_be_read_while_they_are_made(tmp_path, make):
    with ShardWriter(tmp_path, 0) as out:
        for number in range(3):
            out.records([make(network=number)])
            assert [record.network for record in read_records(tmp_path)] == list(range(number + 1))
            assert finished_shards(tmp_path) == ()
    assert finished_shards(tmp_path) == (0,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases-0000.jsonl", "records-0000.jsonl"]


def test_an_interrupted_shard_is_read_and_never_looks_whole(tmp_path, make):
    interrupted(tmp_path, [make(), make(tensor="p1")])
    summary = summary_of(tmp_path)
    assert finished_shards(tmp_path) == ()
    assert summary.totals.gradients == 2
    assert summary.cautions == ("2 records of unfinished shards.",)
    assert find_case(tmp_path, "case")["id"] == "case 0"


def test_a_shard_that_runs_again_replaces_what_was_left_of_it(tmp_path, make):
    interrupted(tmp_path, [make(network=1)])
    interrupted(tmp_path, [make(network=2)], number=1)
    with ShardWriter(tmp_path, 0) as out:
        out.records([make(network=5)])
    assert [record.network for record in read_records(tmp_path)] == [5, 2]
    assert [(each.shard, each.whole) for each in sources(tmp_path)] == [(0, True), (1, False)]
    assert len(list(tmp_path.glob(".*.part"))) == 2, "the records and cases of the other shard"


def test_of_two_attempts_the_one_that_got_further_is_read(tmp_path, make):
    interrupted(tmp_path, [make(network=0), make(network=1)])
    interrupted(tmp_path, [make(network=0)])
    assert [record.network for record in read_records(tmp_path)] == [0, 1]


def test_two_workers_with_one_shard_do_not_stumble_over_each_other(tmp_path, make):
    with ShardWriter(tmp_path, 0) as slow:
        slow.records([make()])
        with ShardWriter(tmp_path, 0) as fast:
            fast.records([make()])
    assert len(list(read_records(tmp_path))) == 1
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_last_line_that_was_cut_off_is_left_out_and_said(tmp_path, make, cut, a_run):
    interrupted(tmp_path, [make(), make(tensor="p1")])
    part = only_part(tmp_path)
    part.write_bytes(part.read_bytes()[: -cut - 1])
    summary = summary_of(tmp_path)
    assert (summary.totals.verdicts, summary.lost) == (1, 0)
    said = f"1 record of unfinished shards; the last line of {part.name} was cut off."
    assert summary.cautions == (said,)
    write_page(tmp_path / "page.html", replace(a_run, complete=False), summary, {})
    page = (tmp_path / "page.html").read_text()
    assert said in page
    assert "No disagreement found so far, the run is not complete" in page
    assert len(list(read_records(tmp_path))) == 1, "no error without ReadIssues either"


def test_a_last_line_without_its_end_that_is_whole_counts(tmp_path, make):
    interrupted(tmp_path, [make()])
    part = only_part(tmp_path)
    part.write_bytes(part.read_bytes()[:-1])
    assert summary_of(tmp_path).cautions == ("1 record of unfinished shards.",)


def test_a_shard_that_becomes_whole_while_it_is_read(tmp_path, make):
    with ShardWriter(tmp_path, 0) as out:
        out.records([make()])
        found = read_records(tmp_path)
        met = Met()
        late = read_records(tmp_path, met)
        assert next(found)
    with ShardWriter(tmp_path, 1) as out:
        out.records([make()])
        assert len(list(late)) == 2
    assert list(found) == []


def test_a_part_that_has_its_real_name_by_now_is_found(tmp_path, make):
    interrupted(tmp_path, [make()])
    with ShardWriter(tmp_path, 1) as out:
        out.records([make(), make()])
        records = read_records(tmp_path)
        next(records)
    assert len(list(records)) == 2


def test_all_is_not_said_of_a_run_that_is_not_finished(tmp_path, make):
    write_run(tmp_path, Run(started="now"))
    interrupted(tmp_path, [make()])
    summary = summary_of(tmp_path)
    assert outcome(summary.totals, complete=False) == "No disagreement found so far, the run is not complete"
