"""A user's files: what stands at the path that a file is to be written to is replaced, written through, or kept."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from backcheck.campaign import crashes
from backcheck.diagnosis.reproducer import archive
from backcheck.regression.baseline import file as baseline
from backcheck.strategies.arrays import explicit
from backcheck.strategies.case import Case
from backcheck_reports import Run, ShardWriter, StoreError, write_note, write_page, write_run
from backcheck_reports.destination import is_replaceable
from backcheck_reports.exports.formats import FORMATS, export, held
from backcheck_reports.statistics.summary import summarise
from backcheck_reports.storage.files import check_replaceable, replacing_file, write_whole
from scratch_bp.network import ArraySpec, Network, Node
from tests.reports.conftest import NOTE, SOUND

MINE = "def test_mine():\n    assert True\n"
TEXTS = sorted(set(FORMATS) - {"parquet"})


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "run", Run(complete=True))
    with ShardWriter(tmp_path / "run", 0) as out:
        out.records([SOUND])
    return held(tmp_path / "run")


@pytest.fixture
def device(tmp_path):
    """Make a device node of the system's memory devices, of which 7 is always full and 3 swallows all."""

    def make(name, minor):
        path = tmp_path / name
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
            path.open("rb").close()
        except (AttributeError, OSError):
            pytest.skip("only a superuser makes devices, on a file system that has them")
        return path

    return make


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_of_ours_is_replaced_and_one_of_others_is_kept(run, tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("duckdb")
    path = tmp_path / "there"
    path.write_text(MINE)
    with pytest.raises(StoreError, match="there: it was not written by backcheck, and it is kept; give another place"):
        export(kind, run, path)
    assert path.read_text() == MINE
    assert export(kind, run, path, force=True) == path
    assert is_replaceable(path)
    size = path.stat().st_size
    assert export(kind, run, path).stat().st_size == size, "now it is ours"
    path.write_text("")
    assert export(kind, run, path).stat().st_size == size, "an empty file has nothing to lose"
    assert leftovers(tmp_path) == []


def test_an_original_is_replaced_by_its_own_kind_only(run, tmp_path):
    """A run, a note or a baseline cannot be made again: `report A -o B/run.json` would lose B."""
    network = Network({"x": ArraySpec((2,))}, (Node("a", "tanh", ("x",)),), "a")
    case = Case(network, {"x": explicit(np.ones(2))}, explicit(np.ones(2)), "float64")
    empty = baseline.Baseline(baseline.BaselinePlan(), {})
    originals = {
        run.folder / "run.json": lambda: write_run(run.folder, run.run),
        run.folder / "notes" / f"{NOTE.id}.json": lambda: write_note(run.folder, NOTE),
        tmp_path / "arrays.npz": lambda: write_whole(tmp_path / "arrays.npz", archive(case)),
        tmp_path / "base.txt": lambda: baseline.write(tmp_path / "base.txt", empty),
        tmp_path / "ended.json": lambda: crashes.keep(tmp_path, {0: crashes.Crash(0, "jax", "aborted")}),
    }
    for path, write in originals.items():
        write()
        write()
        before = path.read_bytes()
        for kind in TEXTS:
            with pytest.raises(StoreError, match="is kept"), replacing_file(path) as part:
                FORMATS[kind].fill(part, run)
        for other in originals:
            if other != path:
                with pytest.raises(StoreError, match="is kept"):
                    check_replaceable(path, like=other.read_bytes() if other.exists() else b"[]")
        assert path.read_bytes() == before
    with np.load(tmp_path / "arrays.npz") as kept:
        assert set(kept) == {"x", "dy"}
    with pytest.raises(StoreError, match=r"run\.json: backcheck keeps something else there, and it is kept"):
        write_page(run.folder / "run.json", run.run, run.summary, {})


@pytest.mark.parametrize(
    "text",
    [
        MINE,
        "\n",
        "<!doctype html>\n<title>mine</title>",
        '{\n  "format": 1}',
        "case,network\n1,2\n",
        "PAR1",
        "PK\x03\x04",
        "# notes\n<!-- generator: backcheck -->\n",
        '<!doctype html><meta name="generator" content="backchecker">',
    ],
)
def test_what_only_looks_like_ours_is_kept(tmp_path, text):
    path = tmp_path / "there"
    path.write_text(text)
    with pytest.raises(StoreError, match="not written by backcheck"):
        write_whole(path, "ours")
    assert path.read_text() == text


def test_a_page_of_the_python_interface_is_refused_too(tmp_path):
    path = tmp_path / "test_b.py"
    path.write_text(MINE)
    with pytest.raises(StoreError, match="not written by backcheck"):
        write_page(path, Run(), summarise([SOUND]), {})
    assert path.read_text() == MINE
    write_page(path, Run(), summarise([SOUND]), {}, force=True)
    assert path.read_text().startswith("<!doctype html>")


def test_a_device_is_written_through_and_stays(run, device):
    nothing, full = device("null", 3), device("full", 7)
    export("html", run, nothing)
    with pytest.raises(StoreError, match="No space left on device"):
        export("html", run, full)
    assert [path.stat().st_rdev for path in (nothing, full)] == [os.makedev(1, 3), os.makedev(1, 7)]


def test_a_fifo_is_written_through(run, tmp_path):
    fifo, got = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: got.append(fifo.read_text()))
    with pytest.raises(StoreError, match="nobody reads from it; start its reader first"):
        export("json", run, fifo)
    reader.start()
    while True:
        try:
            export("json", run, fifo)
        except StoreError:  # the reader has not opened it yet
            continue
        break
    reader.join()
    assert got[0].startswith('{\n  "generator": "backcheck"')
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_disk_and_a_socket_are_refused(tmp_path):
    import socket

    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket is short
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
        with pytest.raises(StoreError, match="it is a disk or a socket"):
            write_whole(tmp_path / "socket", "", force=True)
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


def test_a_link_leads_to_its_file_and_stays(run, tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "page.html", tmp_path / "link.html"
    export("html", run, target)
    target.write_text(target.read_text() + "<!-- an older page -->")
    link.symlink_to("real/page.html")
    export("html", run, link)
    assert link.is_symlink()
    assert "an older page" not in target.read_text()
    target.write_text(MINE)
    with pytest.raises(StoreError, match="not written by backcheck"):
        export("html", run, link)
    assert target.read_text() == MINE


def test_a_link_to_nothing_makes_no_file(run, tmp_path):
    """Who laid the link would choose the place and the name of a new file."""
    link = run.folder / FORMATS["csv"].name
    link.symlink_to(tmp_path / ".profile")
    with pytest.raises(StoreError, match=r"it is a link to nothing \(.*\.profile\); name the file itself"):
        export("csv", run, force=True)
    assert not (tmp_path / ".profile").exists()


def test_a_shard_does_not_take_the_place_of_a_link(tmp_path):
    (tmp_path / "mine.txt").write_text(MINE)
    (tmp_path / "records-0000.jsonl").symlink_to("mine.txt")
    with pytest.raises(StoreError, match="it is no regular file"), ShardWriter(tmp_path, 0) as out:
        out.records([SOUND])
    assert (tmp_path / "mine.txt").read_text() == MINE
    assert (tmp_path / "records-0000.jsonl").is_symlink()


def test_a_folder_and_what_is_read_only_are_refused(run, tmp_path):
    (tmp_path / "folder").mkdir()
    page = export("html", run, tmp_path / "page.html")
    before = page.read_bytes()
    page.chmod(0o444)
    for path, words in ((tmp_path / "folder", "it is a folder, expected a file"), (page, "it is read-only")):
        with pytest.raises(StoreError, match=words):
            export("html", run, path, force=True)
    assert page.read_bytes() == before


def test_permissions_and_owner_are_kept(run, tmp_path):
    page = export("html", run, tmp_path / "page.html")
    page.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(page, 12345, 54321)
    before = page.stat()
    inode = before.st_ino
    after = export("html", run, page).stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != inode, "replaced in one step, and not written over"


def test_a_name_as_long_as_a_name_may_be(run, tmp_path):
    name = "ä" * 127
    export("html", run, tmp_path / name)
    assert (tmp_path / name).exists()


FULL = """
import resource, sys
from backcheck_reports.exports.formats import export, held
from backcheck_reports import StoreError
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
for kind in sys.argv[3:]:
    try:
        export(kind, held(sys.argv[1]), sys.argv[2] + kind)
    except StoreError as error:
        print(kind, str(error).split(": ")[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_disk_that_is_full_leaves_the_old_file_whole(tmp_path):
    records = [SOUND] * 400
    write_run(tmp_path / "run", Run(complete=True))
    with ShardWriter(tmp_path / "run", 0) as out:
        out.records(records)
    before = {}
    kinds = ("html", "csv")
    for kind in kinds:
        path = export(kind, held(tmp_path / "run"), tmp_path / f"there.{kind}")
        before[path] = path.read_bytes()
        assert len(before[path]) > 5000
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "run", tmp_path / "there.", *kinds],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.splitlines() == [
        f"{kind} File too large, expected a place that this user may write to; give another place" for kind in kinds
    ]
    assert {path: path.read_bytes() for path in before} == before
    assert leftovers(tmp_path) == []


def test_an_interrupt_leaves_the_old_file_whole(run, tmp_path, monkeypatch):
    from backcheck_reports.storage import files

    page = export("html", run, tmp_path / "page.html")
    before = page.read_bytes()

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export("html", run, page)
    assert page.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_what_appears_while_the_file_is_made_is_kept(tmp_path):
    path = tmp_path / "page.html"

    def write():
        with replacing_file(path) as part:
            part.write_text("ours")
            path.write_text(MINE)

    with pytest.raises(StoreError, match="not written by backcheck"):
        write()
    assert path.read_text() == MINE
    assert leftovers(tmp_path) == []


def test_it_is_known_before_the_work_is_done(tmp_path):
    (tmp_path / "mine").write_text(MINE)
    with pytest.raises(StoreError, match="not written by backcheck"):
        check_replaceable(tmp_path / "mine")
    check_replaceable(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_dash_is_standard_output(run, tmp_path, capsys):
    export("json", run, tmp_path / "file")
    export("json", run, "-")
    assert capsys.readouterr().out == (tmp_path / "file").read_text()


def test_a_verdict_on_a_foreign_file_reaches_the_command_line(run, tmp_path, monkeypatch, capsys):
    from backcheck import errors
    from backcheck.commands import cli

    (tmp_path / "notes.md").write_text(MINE)
    for more, code in (((), errors.USAGE), (("--force",), errors.AGREE)):
        monkeypatch.setattr(
            sys, "argv", ["backcheck", "report", str(run.folder), "-o", str(tmp_path / "notes.md"), *more]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == code
        assert ("is kept" in capsys.readouterr().err) == (code == errors.USAGE)
