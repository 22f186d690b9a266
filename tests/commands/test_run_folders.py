"""The folder of a run: nothing of anybody else's is removed, and no record is lost or counted twice without a word."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from backcheck import errors
from backcheck.commands import cli
from backcheck.commands.run_folder import OWN_NAMES
from backcheck_reports import Met, ShardWriter, finished_shards, read_records, read_run
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.lock import locked
from backcheck_reports.storage.manifest import MANIFEST, read_manifest

ROOT = Path(__file__).parents[2]
OPTIONS = ("--networks", "60", "--rules", "tanh,exp", "--oracles", "differences,exact", "--workers", "1")
WITHOUT_RESUME = "The same command with --resume makes what is missing again."


def verify(out, *more, seed=0):
    """The arguments of the run that these tests make."""
    return ("verify", *OPTIONS, "--seed", seed, "--out", out, *more)


def records_of(folder):
    """Each record as text, and how often it is there."""
    return Counter(map(repr, read_records(folder, Met())))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished run of two shards, and the records of a run of another seed; not to be changed."""
    place = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        for name, seed in (("run", 0), ("other", 1)):
            patch.setattr(sys, "argv", ["backcheck", *map(str, verify(place / name, seed=seed))])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert ended.value.code == errors.AGREE
    return place


@pytest.fixture
def run(made, tmp_path):
    return Path(shutil.copytree(made / "run", tmp_path / "run"))


def cut(run, made):
    path = run / "records-0001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) // 2]))
    return "records-0001.jsonl is not as the run wrote it: "


def deleted(run, made):
    (run / "records-0000.jsonl").unlink()
    return "records-0000.jsonl is gone: "


def one_byte_changed(run, made):
    path = run / "records-0000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"agree"', b'"kinky"', 1))
    return "records-0000.jsonl is not as the run wrote it: "


def cases_deleted(run, made):
    (run / "cases-0001.jsonl").unlink()
    return "cases-0001.jsonl is gone. "


def of_another_seed(run, made):
    shutil.copy(made / "other" / "records-0001.jsonl", run)
    shutil.copy(made / "other" / "cases-0001.jsonl", run)
    return "records-0001.jsonl, cases-0001.jsonl are not as the run wrote them: "


def copied_over_another(run, made):
    shutil.copy(run / "records-0000.jsonl", run / "records-0001.jsonl")
    return "records-0001.jsonl is not as the run wrote it: "


def a_link(run, made):
    path = run / "records-0001.jsonl"
    path.rename(run / "elsewhere")
    path.symlink_to(run / "elsewhere")
    return "records-0001.jsonl is not as the run wrote it: "


LOSSES = [cut, deleted, one_byte_changed, cases_deleted, of_another_seed, copied_over_another, a_link]


@pytest.mark.parametrize("damage", LOSSES)
def test_a_loss_is_said_and_resume_makes_it_again(command, run, made, damage):
    whole = records_of(run)
    said = damage(run, made)
    code, printed, _ = command("report", run)
    assert code == errors.COULD_NOT
    assert printed.splitlines()[0] == f"the run in {run} is not complete"
    assert said in printed
    assert WITHOUT_RESUME in printed
    assert "the run is not complete" in (run / "agreement.html").read_text()
    assert "the run is not complete" in command("summary", run)[1]
    assert json.loads(command("report", run, "--json")[1])["complete"] is False
    code, printed, complaint = command(*verify(run, "--resume"))
    assert (code, complaint) == (errors.AGREE, "")
    assert "60 networks" in printed
    assert records_of(run) == whole
    assert command("report", run)[0] == errors.AGREE


def test_two_runs_on_one_page_say_what_one_of_them_has_lost(command, run, made):
    said = deleted(run, made)
    code, _, _ = command("report", made / "other", run, "-o", run / "both.html")
    assert code == errors.COULD_NOT
    assert said in (run / "both.html").read_text()


def test_a_shard_that_was_copied_counts_once(command, run):
    whole = records_of(run)
    for kind in ("records", "cases"):
        shutil.copy(run / f"{kind}-0000.jsonl", run / f"{kind}-0007.jsonl")
    code, printed, _ = command("report", run)
    assert code == errors.AGREE
    assert "records-0007.jsonl, cases-0007.jsonl are of another run, and are not read." in printed
    assert records_of(run) == whole
    code, _, complaint = command(*verify(run, "--resume"))
    assert code == errors.USAGE
    assert "records-0007.jsonl, cases-0007.jsonl of another run; move it away, and go on" in complaint


def test_a_part_of_another_run_is_not_read(command, run):
    (run / ".records-0009.jsonl.0a0b0c0d.part").write_bytes((run / "records-0000.jsonl").read_bytes())
    whole = records_of(run)
    (run / ".records-0009.jsonl.0a0b0c0d.part").unlink()
    assert records_of(run) == whole


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda run, made: (run / MANIFEST).unlink(),
            "manifest.jsonl, which lists what this run wrote, is gone or damaged.",
        ),
        (
            lambda run, made: shutil.copy(made / "other" / MANIFEST, run),
            "manifest.jsonl, which lists what this run wrote, is of another run.",
        ),
        (lambda run, made: (run / MANIFEST).write_text("["), "is gone or damaged."),
        (lambda run, made: (run / MANIFEST).write_text("[" * 100_000), "is gone or damaged."),
        (
            lambda run, made: _without(run, "records-0001.jsonl"),
            "manifest.jsonl lists 1 of the 2 shards that this run wrote.",
        ),
    ],
    ids=["gone", "another's", "damaged", "nested", "cut"],
)
def test_a_lost_manifest_is_no_green_run(command, run, made, damage, said):
    damage(run, made)
    code, printed, _ = command("report", run)
    assert code == errors.COULD_NOT
    assert said in printed


def _without(run, name):
    """The manifest and the folder without one file of records."""
    lines = (run / MANIFEST).read_text().splitlines(keepends=True)
    (run / MANIFEST).write_text("".join(line for line in lines if name not in line))
    (run / name).unlink()


def test_a_line_of_the_manifest_that_was_cut_off_is_no_line_and_spoils_no_other(command, run):
    whole = records_of(run)
    with open(run / MANIFEST, "ab") as file:
        file.write(b'{"file": "records-0001.jsonl", "bytes": 12')
    assert records_of(run) == whole
    assert command(*verify(run, "--resume"))[0] == errors.AGREE
    assert records_of(run) == whole
    assert read_manifest(run).writer.startswith(f"process {os.getpid()} on ")


def older(run):
    """The same run as an older version would have left it."""
    (run / MANIFEST).unlink()
    data = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({k: v for k, v in data.items() if k not in ("manifest", "shards")}))


def test_an_older_run_is_read_and_neither_gone_on_with_nor_removed(command, run):
    older(run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    code, printed, _ = command("report", run, "-o", run.parent / "page.html")
    assert code == errors.AGREE
    assert "An older version made this run, without a manifest" in printed
    for more, said in (((), "give another --out"), (("--resume",), "run it again into another --out")):
        code, _, complaint = command(*verify(run, *more))
        assert code == errors.USAGE
        assert said in complaint
        assert complaint.count("\n") == 1
    assert {path: path.read_bytes() for path in before} == before


def test_a_folder_with_a_run_json_of_somebody_else_is_refused_and_nothing_is_removed(command, tmp_path):
    names = ("run.json", "notes/thesis.md", "records.csv", "records-2023.parquet", "cases-0001.jsonl", "x.parquet")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    for more in ((), ("--resume",)):
        code, _, complaint = command(*verify(tmp_path, *more))
        assert code == errors.USAGE
        assert "run it again into another --out" in complaint or "nothing was removed; move it away" in complaint
    for name in names:
        assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("text", ['{"audio_filepath": "a.wav"}', '{"run": 3}', "", "[" * 100_000])
def test_a_manifest_of_somebody_elses_is_none_of_ours(command, tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with ShardWriter(tmp_path, 0):
        pass
    for more in ((), ("--resume",)):
        assert command(*verify(tmp_path, *more))[0] == errors.USAGE
    assert (tmp_path / MANIFEST).read_text() == text


def test_a_claim_that_is_killed_can_be_made_again(run, monkeypatch):
    from backcheck_reports.storage import claim as claiming

    removed, real = [], Path.unlink

    def killed(path, missing_ok=False):
        if len(removed) == 3:
            raise KeyboardInterrupt
        removed.append(path)
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(claiming.Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            claim(run, OWN_NAMES)
    claim(run, OWN_NAMES)
    assert sorted(path.name for path in run.iterdir()) == [".lock", MANIFEST]


@pytest.mark.parametrize("name", ["folder", "fifo"])
def test_an_enemys_manifest_removes_no_folder_and_no_device(run, name):
    (run / "folder").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(run / "fifo")
    with open(run / MANIFEST, "a") as file:
        file.write(json.dumps({"file": name, "bytes": 0, "digest": "", "lines": 0}) + "\n")
    claim(run, OWN_NAMES)
    assert (run / "folder").is_dir()
    assert (run / "fifo").exists() is hasattr(os, "mkfifo")


def test_a_folder_with_other_files_is_used_and_nothing_in_it_is_removed(command, tmp_path):
    names = ("notes/thesis.md", "notes/todo.json", "data.parquet", "report.html")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    for _ in range(2):
        code, _, complaint = command(*verify(tmp_path))
        assert (code, complaint) == (errors.AGREE, "")
        for name in names:
            assert (tmp_path / name).read_text() == "mine"
    assert command("report", tmp_path)[0] == errors.AGREE, "somebody's own notes are not read"


def test_a_file_of_a_run_that_was_changed_is_somebodys_own(command, run):
    (run / "agreement.html").write_text("my comments")
    code, _, complaint = command(*verify(run))
    assert code == errors.USAGE
    assert "agreement.html, which is not as a run wrote it" in complaint
    assert (run / "agreement.html").read_text() == "my comments"
    assert finished_shards(run) == (0, 1)


def test_a_second_run_removes_all_of_the_first(command, run):
    command("report", run, "--format", "csv", "--format", "json")
    first = read_manifest(run).run
    (run / f".records-0001.jsonl.{first}01234567.part").write_text("left by a worker that was killed")
    code, _, complaint = command("verify", *OPTIONS[2:], "--networks", 5, "--out", run)
    assert (code, complaint) == (errors.AGREE, "")
    assert sorted(path.name for path in run.iterdir()) == [
        ".lock", "agreement.html", "cases-0000.jsonl", "manifest.jsonl", "records-0000.jsonl", "run.json",
    ]  # fmt: skip
    assert read_manifest(run).run != first


def test_links_are_removed_and_never_followed(run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("records-0000.jsonl", "agreement.html"):
        shutil.move(run / name, outside / name)
        (run / name).symlink_to(outside / name)
    kept = {path.name: path.read_bytes() for path in outside.iterdir()}
    claim(run, OWN_NAMES)
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == kept
    assert sorted(path.name for path in run.iterdir()) == [".lock", MANIFEST]


def test_a_folder_of_notes_that_is_a_link_is_not_emptied(run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "abc.json").write_text("{}")
    (run / "notes").symlink_to(outside)
    _list(run, "notes/abc.json", outside / "abc.json")
    claim(run, OWN_NAMES)
    assert (outside / "abc.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["../mine.txt", "notes/../../mine.txt", "..", "", "notes/", "a/b", "\x00", 3])
def test_a_manifest_of_an_enemy_names_nothing_outside_of_its_folder(run, tmp_path, name):
    (tmp_path / "mine.txt").write_text("mine")
    _list(run, name, tmp_path / "mine.txt")
    claim(run, OWN_NAMES)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def _list(run, name, path):
    from backcheck_reports.storage.manifest import fingerprint

    size, digest = fingerprint(path)
    with open(run / MANIFEST, "a") as file:
        file.write(json.dumps({"file": name, "bytes": size, "digest": digest, "lines": 0}) + "\n")


HOLDER = """
import sys, time
from pathlib import Path
from backcheck_reports.storage.claim import claim
from backcheck_reports.storage.lock import locked
from backcheck_reports.storage.manifest import begin
with locked(sys.argv[1]):
    begin(Path(sys.argv[1]))
    print("locked", flush=True)
    time.sleep(60)
"""


def test_two_runs_in_one_folder_are_one_too_many(command, tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "reference", ROOT / "reports")))}
    given = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True, env=environment) as holder:
        try:
            assert holder.stdout.readline() == "locked\n"
            for arguments in (verify(tmp_path), verify(tmp_path, "--resume")):
                code, _, complaint = command(*arguments)
                assert code == errors.USAGE
                assert f"{tmp_path} is in use: process {holder.pid} on " in complaint
                assert "wait until it has ended, or give another --out" in complaint
        finally:
            holder.kill()
    with locked(tmp_path):  # whoever is killed holds nothing any more
        pass


def test_a_killed_run_is_gone_on_with_and_each_record_is_there_once(command, made, tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "reference", ROOT / "reports")))}
    given = [sys.executable, "-m", "backcheck", *map(str, verify(tmp_path / "run"))]
    with subprocess.Popen(given, env=environment, stdout=subprocess.DEVNULL) as killed:
        while not list((tmp_path / "run").glob(".records-*.part")):
            assert killed.poll() is None
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
    assert not read_run(tmp_path / "run").complete
    assert command("report", tmp_path / "run")[0] == errors.COULD_NOT
    code, _, complaint = command(*verify(tmp_path / "run", "--resume"))
    assert (code, complaint) == (errors.AGREE, "")
    assert records_of(tmp_path / "run") == records_of(made / "run")


@pytest.mark.parametrize("renamed", [0, 1], ids=["none", "the cases"])
def test_a_process_that_is_killed_while_it_ends_a_shard_loses_nothing(command, run, made, renamed):
    """It had listed both files; one of them, or none, had its name."""
    whole = records_of(run)
    mark = read_manifest(run).run
    for kind in ("cases", "records")[renamed:]:
        (run / f"{kind}-0001.jsonl").rename(run / f".{kind}-0001.jsonl.{mark}01234567.part")
    assert finished_shards(run) == (0,)
    assert records_of(run) == whole, "what there is of an unfinished shard is read"
    assert command(*verify(run, "--resume"))[0] == errors.AGREE
    assert records_of(run) == whole
    assert not list(run.glob(".*.part"))
