"""How the command line ends: no fault of ours, no library and no full disk ever looks like a verdict."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backcheck import errors
from backcheck.commands import cli, terminal
from backcheck_reports import Run, ShardWriter, StoreError, write_run
from tests.reports.conftest import SOUND

ROOT = Path(__file__).parents[2]
HERE = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "reference", ROOT / "reports")))}


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "run", Run(complete=True))
    with ShardWriter(tmp_path / "run", 0) as out:
        out.records([SOUND])
    return tmp_path / "run"


@pytest.fixture
def full(tmp_path):
    """A device that is always full. It is a copy: a fault of ours must not take away the system's own."""
    try:
        os.mknod(tmp_path / "full", 0o020666, os.makedev(1, 7))
        (tmp_path / "full").open("rb").close()
    except (AttributeError, OSError):
        pytest.skip("only a superuser makes devices, on a file system that has them")
    return tmp_path / "full"


# what sets a limit and then becomes the command; `preexec_fn` would fork a process that may have loaded JAX
LIMITED = "import os, resource, sys; n = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)); "
LIMITED += "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"


def backcheck(*arguments, most_bytes=None, **more):
    """Run it in a process of its own: (exit code, what it complained of). No file may have more than `most_bytes`."""
    before = [] if most_bytes is None else ["-c", LIMITED, str(most_bytes)]
    command = [sys.executable, *before, "-m", "backcheck", *map(str, arguments)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=HERE, **more)
    return done.returncode, done.stderr


def planted(error):
    def crash(*given, **more):
        raise error

    return crash


@pytest.mark.parametrize(
    "error",
    [KeyError("x"), RecursionError("deep"), OSError(5, "Input/output error"), BaseException("odd")],
)
def test_a_fault_of_ours_is_one_sentence_and_the_place_of_its_traceback(command, monkeypatch, tmp_path, error):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("backcheck.commands.replay.replay", planted(error))
    code, printed, complaint = command("replay", "0123")
    (where,) = tmp_path.glob("backcheck-*.txt")
    assert (code, printed) == (errors.COULD_NOT, "")
    assert complaint.startswith("Error: backcheck failed by a fault of its own (")
    assert type(error).__name__ in complaint
    assert complaint.endswith(f"the traceback is in {where}, please report it\n")
    assert "in crash" in where.read_text()
    assert complaint.count("\n") == 1


def test_where_no_traceback_can_be_kept_it_is_printed(command, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    monkeypatch.setattr("backcheck.commands.replay.replay", planted(KeyError("\x1b[31m")))
    code, _, complaint = command("replay", "0123")
    assert code == errors.COULD_NOT
    assert "this is its traceback" in complaint
    assert "in crash" in complaint
    assert "\x1b" not in complaint


@pytest.mark.parametrize("code", [0, 1, None, "bye"])
def test_an_exit_within_a_command_is_no_verdict(command, monkeypatch, code):
    monkeypatch.setattr("backcheck.commands.replay.replay", planted(SystemExit(code)))
    ended, _, complaint = command("replay", "0123")
    assert ended == errors.COULD_NOT
    assert f"the code under test called sys.exit({code!r}); nothing is said of it" in complaint


def test_an_error_of_a_leaf_is_wrong_use_and_a_full_disk_is_not(command, monkeypatch):
    for number, code in ((28, errors.COULD_NOT), (13, errors.USAGE)):
        error = StoreError("cannot write there")
        error.__cause__ = OSError(number, "said by the system")
        monkeypatch.setattr("backcheck.commands.replay.replay", planted(error))
        assert command("replay", "0123") == (code, "", "Error: cannot write there\n")


def test_too_little_memory_is_said(command, monkeypatch):
    monkeypatch.setattr("backcheck.commands.replay.replay", planted(MemoryError()))
    said = "Error: there is not enough memory (the system gave no more); ask for less\n"
    assert command("replay", "0123") == (errors.COULD_NOT, "", said)


def test_the_exit_code_of_a_command_is_what_it_returns(command, monkeypatch):
    for code in (errors.AGREE, errors.DISAGREE, errors.COULD_NOT):
        monkeypatch.setattr("backcheck.commands.replay.replay", lambda *given, code=code: code)
        assert command("replay", "0123")[0] == code


@pytest.mark.parametrize("pages", [2, 10], ids=["in a worker", "in the command"])
def test_a_disk_that_is_full_is_nobodys_wrong_use(tmp_path, pages):
    pytest.importorskip("resource")
    asked = ("verify", "--networks", 8, "--rules", "tanh", "--oracles", "exact", "--workers", 1)
    code, complaint = backcheck(*asked, "--out", tmp_path / "run", stdout=subprocess.DEVNULL, most_bytes=pages * 4096)
    file = "records-0000.jsonl" if pages == 2 else "agreement.html"
    assert complaint.startswith(f"Error: cannot write {tmp_path / 'run' / file}: ")
    assert complaint.count("\n") == 1
    assert code == errors.COULD_NOT
    assert backcheck(*asked, "--out", tmp_path / "run", "--resume", stdout=subprocess.DEVNULL) == (errors.AGREE, "")


def test_a_full_standard_output_is_said(run, full):
    with full.open("w") as out:
        code, complaint = backcheck("report", run, stdout=out)
    assert code == errors.COULD_NOT
    assert complaint == "Error: standard output did not take all that was printed: No space left on device\n"


@pytest.mark.parametrize("arguments", [("report",), ("report", "-o", "-"), ("report", "--json"), ("report", "--help")])
def test_a_reader_that_has_gone_is_said(run, arguments):
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "w") as out:
        code, complaint = backcheck(*arguments, run, stdout=out)
    assert code == errors.COULD_NOT
    assert complaint == "Error: standard output did not take all that was printed: its reader has gone\n"


def test_another_pipe_than_standard_output_is_a_fault_of_ours(command, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("backcheck.commands.replay.replay", planted(BrokenPipeError(32, "Broken pipe")))
    code, _, complaint = command("replay", "0123")
    assert code == errors.COULD_NOT
    assert "fault of its own (BrokenPipeError: [Errno 32] Broken pipe)" in complaint


def test_a_disagreement_that_could_not_be_printed_is_still_one(monkeypatch):
    terminal.prepare()
    monkeypatch.setattr(terminal, "_silence", lambda: None)
    monkeypatch.setattr("click.echo", planted(BrokenPipeError()))
    terminal.show(["1 disagrees"])
    assert terminal.finish(errors.DISAGREE) == errors.DISAGREE
    assert terminal.finish(errors.AGREE) == errors.COULD_NOT
    terminal.prepare()
    assert terminal.finish(errors.AGREE) == errors.AGREE


def test_standard_output_holds_the_file_and_nothing_else(run, tmp_path):
    """Also where it is named as a file: to replace the file would lose what is printed."""
    wanted = tmp_path / "wanted.md"
    backcheck("report", run, "--format", "markdown", "-o", wanted, stdout=subprocess.DEVNULL)
    link, got = tmp_path / "stdout", tmp_path / "got.md"
    link.symlink_to("/proc/self/fd/1" if Path("/proc/self/fd/1").exists() else "/dev/fd/1")  # as /dev/stdout is
    for name in ("-", link, got):
        with got.open("w") as out:
            code, said = backcheck("report", run, "--format", "markdown", "-o", name, stdout=out)
        assert (code, got.read_text()) == (errors.AGREE, wanted.read_text())
        assert said.splitlines()[-1] == str(name)


def test_a_terminal_that_has_few_characters_gets_escapes(run):
    with ShardWriter(run, 0) as out:
        out.records([replace(SOUND, rule="∂", argument="x")])
    done = subprocess.run(
        [sys.executable, "-m", "backcheck", "report", run],
        capture_output=True,
        env={**HERE, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    )
    assert (done.returncode, done.stderr) == (errors.AGREE, b"")
    assert b"of the limit (\\u2202, float64)" in done.stdout


def test_the_current_folder_is_as_it_was_after_a_command(command, monkeypatch):
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    seen = []
    monkeypatch.setattr("backcheck.commands.replay.replay", lambda *given: seen.append(os.environ["PYTHONSAFEPATH"]))
    command("replay", "0123")
    assert seen == ["1"]
    assert "PYTHONSAFEPATH" not in os.environ
    assert cli.NAME == "backcheck"
