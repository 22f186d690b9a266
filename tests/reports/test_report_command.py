"""`backcheck report`: what it writes, how it answers wrong use, and its exit codes."""

import json
import shutil
import sys
from dataclasses import replace

import pytest

from backcheck import errors
from backcheck.commands import cli
from backcheck.commands.outcome import PAGE
from backcheck_reports import Run, ShardWriter, Verdict, write_run
from backcheck_reports.exports.formats import FORMATS
from tests.reports.conftest import SOUND


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command in this process: (exit code, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["backcheck", "report", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run


@pytest.fixture
def folder(tmp_path):
    """A run of these records, in a folder of its own."""

    def build(name, *records, complete=True):
        write_run(tmp_path / name, Run(recipe={"seed": 3}, complete=complete))
        with ShardWriter(tmp_path / name, 0) as out:
            out.records(records)
        return tmp_path / name

    return build


def test_the_choices_are_the_formats_that_there_are(command, folder):
    run = folder("run", SOUND)
    _, _, complaint = command(run, "--format", "pdf")
    assert "'pdf' is not one of " + ", ".join(map(repr, FORMATS)) in complaint


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "parquet"])
def test_each_format_goes_into_the_folder_or_where_it_is_told(command, folder, tmp_path, kind):
    run = folder("run", SOUND)
    code, printed, _ = command(run, "--format", kind)
    assert (code, printed.splitlines()[-1]) == (errors.AGREE, str(run / FORMATS[kind].name))
    code, printed, _ = command(run, "--format", kind, "-o", tmp_path / "else" / "where")
    assert (tmp_path / "else" / "where").read_text() == (run / FORMATS[kind].name).read_text()


def test_several_formats_at_once(command, folder):
    run = folder("run", SOUND)
    _, printed, _ = command(run, "--format", "json", "--format", "csv", "--json")
    assert json.loads(printed)["files"] == [str(run / "agreement.json"), str(run / "records.csv")]
    code, _, complaint = command(run, "--format", "json", "--format", "csv", "-o", "x")
    assert code == errors.USAGE
    assert "-o names one file and 2 formats came (json, csv); give one --format" in complaint


def test_a_run_that_is_not_finished_says_so(command, folder):
    run = folder("run", SOUND, complete=False)
    code, printed, _ = command(run)
    assert code == errors.COULD_NOT
    assert printed.splitlines()[0] == f"the run in {run} is not complete"
    assert "the run is not complete" in (run / PAGE).read_text()
    assert json.loads(command(run, "--json")[1])["complete"] is False


def test_exit_codes(command, folder):
    wrong = replace(SOUND, verdict=Verdict.DISAGREE)
    assert command(folder("agree", SOUND))[0] == errors.AGREE
    assert command(folder("wrong", SOUND, wrong))[0] == errors.DISAGREE
    assert command(folder("vacuous", replace(SOUND, verdict=Verdict.VACUOUS)))[0] == errors.COULD_NOT
    damaged = folder("damaged", SOUND)
    with open(damaged / "records-0000.jsonl", "a") as file:
        file.write('{"format": 1}\n')
    code, printed, _ = command(damaged)
    assert code == errors.COULD_NOT, "a record that cannot be read may be the one that disagrees"
    assert "1 record could not be read" in printed


def test_what_is_missing_is_named(command, tmp_path, folder):
    code, _, complaint = command(tmp_path / "nowhere")
    assert code == errors.USAGE
    assert "does not exist, expected the folder of a run; make one with" in complaint
    code, _, complaint = command(folder("run", SOUND), "-o", tmp_path)
    assert code == errors.USAGE
    assert "it is a folder, expected a file" in complaint


def test_parquet_without_duckdb_could_not_be_done(command, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    code, _, complaint = command(folder("run", SOUND), "--format", "parquet")
    assert code == errors.COULD_NOT
    assert "pip install 'backcheck[scale]'" in complaint
    assert "Traceback" not in complaint


def test_two_runs_make_one_page(command, folder, tmp_path):
    old, new = folder("old", SOUND), folder("new", replace(SOUND, verdict=Verdict.DISAGREE))
    code, printed, _ = command(old, new)
    assert (code, printed.splitlines()[-1]) == (errors.DISAGREE, str(new / "beside.html"))
    assert "1 line got worse" in (new / "beside.html").read_text()
    code, printed, _ = command(new, old, "-o", tmp_path / "page.html")
    assert code == errors.AGREE, "the exit code is the newer run's"
    assert "Nothing got worse, 1 got better" in (tmp_path / "page.html").read_text()


def test_wrong_use_of_two_runs(command, folder):
    run = folder("run", SOUND)
    code, _, complaint = command(run, run, run)
    assert code == errors.USAGE
    assert "takes one folder, or two to lay side by side; got 3" in complaint
    code, _, complaint = command(run, run, "--format", "csv")
    assert code == errors.USAGE
    assert "two runs make one page of HTML, got --format csv" in complaint


def test_the_page_can_be_made_again_from_a_copy(command, folder, tmp_path):
    run = folder("run", SOUND)
    command(run)
    shutil.copytree(run, tmp_path / "copy")
    command(tmp_path / "copy", "-o", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == (run / PAGE).read_text()
