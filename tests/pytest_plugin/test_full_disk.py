"""A full disk fails no test of the user's. The session says in one sentence what is missing, and is not green."""

import errno
import os
import tempfile

import pytest

from backcheck.errors import COULD_NOT
from backcheck_reports import read_run
from backcheck_reports.storage import manifest, shards
from tests.pytest_plugin.helpers import PLUGIN, REPORT, SUBJECT, section

TESTS = """
def test_right():
    right()

def test_expected():
    assert not wrong()

def test_later():
    right(seed=2)
"""
RIGHT = """
def test_right():
    right()
"""
FULL = "/dev/full"  # every write to it fails as on a full disk
NO_SPACE = os.strerror(errno.ENOSPC)
needs_full = pytest.mark.skipif(not os.path.exists(FULL), reason="a device of Linux")


def no_space(*given, **more):
    raise OSError(errno.ENOSPC, NO_SPACE)


def at_a_record(patch):
    patch.setattr(shards, "open", lambda *given, **more: open(FULL, "w", buffering=1), raising=False)  # noqa: SIM115


def at_the_end_of_a_shard(patch):
    patch.setattr(shards, "sync", no_space)


def at_the_manifest(patch):
    def write(folder, files):
        with manifest.writing(folder / manifest.MANIFEST):
            no_space()

    patch.setattr(shards, "list_files", write)


def at_a_note(patch):
    def write(part, content, real=manifest.write_part):
        (no_space if part.parent.name == "notes" else real)(part, content)

    patch.setattr(manifest, "write_part", write)


def at_the_page(patch):
    from backcheck_reports.storage import files

    def write(part, content, real=files.write_part):
        (no_space if ".page.html." in part.name else real)(part, content)

    patch.setattr(files, "write_part", write)


PLACES = [
    pytest.param(at_a_record, "records-0000.jsonl", marks=needs_full),
    (at_the_end_of_a_shard, "records-0000.jsonl"),
    (at_the_manifest, "manifest.jsonl"),
    (at_a_note, ".json"),
    (at_the_page, "page.html"),
]


@pytest.mark.parametrize(("fill", "file"), PLACES)
def test_a_full_disk_is_a_sentence_and_never_green(run, pytester, monkeypatch, fill, file):
    fill(monkeypatch)
    result = run(TESTS, REPORT)
    result.assert_outcomes(passed=3)
    assert result.ret == COULD_NOT
    said = [line for line in section(result) if line.startswith("not written: ")]
    assert len(said) == 1
    assert said[0].startswith("not written: cannot write ")
    assert f"{file}: {NO_SPACE}, expected a place that this user may write to; give another place" in said[0]
    for word in ("*INTERNALERROR*", "*Traceback*"):
        result.stdout.no_fnmatch_line(word)
        result.stderr.no_fnmatch_line(word)
    folder = pytester.path / "out/page-records"
    assert fill is at_the_page or not read_run(folder).complete


def test_what_was_lost_is_not_compared_with_a_baseline_nor_taken_over(run, pytester, monkeypatch):
    compare = ("--backcheck-compare=base.txt", "--backcheck-update=new,changed,removed")
    assert run(RIGHT, *compare).ret == pytest.ExitCode.OK
    before = (pytester.path / "base.txt").read_bytes()
    at_the_end_of_a_shard(monkeypatch)
    assert run(RIGHT, *compare).ret == COULD_NOT
    assert (pytester.path / "base.txt").read_bytes() == before


@pytest.mark.parametrize("option", ["--backcheck-compare=base.txt", "--backcheck-profile=pr"])
def test_no_temporary_folder_is_a_sentence(run, monkeypatch, option):
    assert run(RIGHT, "--backcheck-compare=base.txt", "--backcheck-update=new").ret == pytest.ExitCode.OK
    real = tempfile.mkdtemp
    monkeypatch.setattr(
        tempfile,
        "mkdtemp",
        lambda *given, **more: no_space() if more.get("prefix") == "backcheck-" else real(*given, **more),
    )
    result = run(RIGHT, option)
    assert result.ret == (pytest.ExitCode.USAGE_ERROR if "compare" in option else COULD_NOT)
    said = f"no temporary folder can be made for what is checked ({NO_SPACE}); free some space, or set TMPDIR"
    assert sum(said in line for line in (*result.outlines, *result.errlines)) == 1
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


@needs_full
def test_a_worker_of_xdist_tells_its_controller(pytester):
    pytester.makepyfile(SUBJECT + TESTS)
    pytester.makeconftest(f"""
import sys
sys.modules["torch"] = None
from backcheck_reports.storage import shards
shards.open = lambda *given, **more: open({FULL!r}, "w", buffering=1)
""")
    result = pytester.runpytest_subprocess("-p", "xdist.plugin", "-n", "2", *PLUGIN, REPORT)
    assert result.ret == COULD_NOT
    result.assert_outcomes(passed=3)
    assert sum(line.startswith("not written: cannot write ") for line in section(result)) == 1
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
