"""The command line: what it prints, what it leaves behind, and its exit codes."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backcheck import errors
from backcheck_reports import read_records, read_run
from backcheck_reports.storage.manifest import ListedFile, fingerprint, list_files
from tests.commands.in_this_process import one_worker_here

FAST = ("--oracles", "torch,differences,exact", "--workers", "1")
SOME_RULES = ("--rules", "tanh,dense,add,relu,mse,layer_norm")  # where nothing hangs on all of them


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr("backcheck.commands.verify.Pool", one_worker_here)


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A module whose layer norm forgets the term through the variance."""
    source = """
from scratch_bp.rules.normalisation import layer_norm

def backward(saved, dy):
    dx, *rest = layer_norm.backward(saved, dy)
    dxhat = dy.reshape(saved.xhat.shape) * (1 if saved.w is None else saved.w)
    lost = saved.inv_std * saved.xhat * (dxhat * saved.xhat).mean(2, keepdims=True)
    return dx + lost.reshape(dy.shape), *rest

RULES = {"layer_norm": (layer_norm.forward, backward)}
NOT_A_TABLE = 3
NOT_A_PAIR = {"tanh": 3}
"""
    (tmp_path / "planted_module.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return "planted_module:RULES"


def verdicts_of(folder):
    return [
        (r.case, r.tensor, r.party, str(r.verdict), r.absolute if r.absolute == r.absolute else None)
        for r in read_records(folder)
    ]


def test_verify_agrees_writes_a_page_and_ends_with_its_path(command, tmp_path):
    out = tmp_path / "run"
    code, printed, _ = command("verify", "--networks", 60, "--seed", 3, "--out", out, *FAST)
    lines = printed.splitlines()
    assert code == errors.AGREE
    assert len(lines) <= 20
    assert lines[-1] == str(out / "agreement.html")
    assert lines[0].startswith("No disagreement found (")
    assert "0 disagree" in lines[1]
    assert "agreement.html" in {path.name for path in out.iterdir()}
    assert read_run(out).complete


def test_verify_json_is_one_object_with_the_promised_names(command, tmp_path):
    code, printed, _ = command("verify", "--networks", 12, "--json", "--out", tmp_path / "run", *FAST)
    facts = json.loads(printed)
    assert code == errors.AGREE
    assert facts["networks"] == 12
    assert facts["seed"] == 0
    assert facts["tensors"] > 12
    assert set(facts["verdicts"]) == {
        "agree", "disagree", "kink", "convention", "imprecise", "shape", "side effect",
        "ill-conditioned", "out of range", "vacuous", "unavailable",
    }  # fmt: skip
    assert Path(facts["page"]).is_file()


def test_the_same_seed_gives_the_same_verdicts_however_the_work_is_shared(command, tmp_path):
    # more than the fifty of one shard, by oracles that no worker has to import for seconds
    common = (*SOME_RULES, "--networks", 55, "--seed", 9, "--oracles", "differences,exact")
    command("verify", *common, "--workers", 1, "--out", tmp_path / "one")
    command("verify", *common, "--workers", 2, "--out", tmp_path / "two")
    command("verify", "--networks", 5, "--seed", 10, "--oracles", "exact", "--workers", 1, "--out", tmp_path / "other")
    one, two, other = (verdicts_of(tmp_path / run) for run in ("one", "two", "other"))
    assert one == two
    assert not {case for case, *_ in one} >= {case for case, *_ in other}


def test_a_broken_rule_is_shrunk_named_and_replayed(command, planted, tmp_path):
    out = tmp_path / "run"
    rules = ("--rules", "layer_norm,dense,tanh,relu,add,mse", "--networks", 80)
    code, printed, _ = command("verify", *rules, "--subject", planted, "--out", out, "--json", *FAST)
    facts = json.loads(printed)
    assert code == errors.DISAGREE
    assert facts["verdicts"]["disagree"] > 0
    assert len(facts["failures"]) == 1
    failure = facts["failures"][0]
    assert failure["title"].startswith("layer_norm.x")
    note = json.loads((out / "notes" / f"{failure['id']}.json").read_text())
    assert note["network"].count("layer_norm") == 1
    assert len(note["network"].splitlines()) == 1, "one node is enough"
    again = shlex.split(note["again"])[1:]
    assert again == ["replay", again[1], "--subject", planted, "--out", str(out)], "whose code, and which run"
    smallest = again[1]
    assert "backcheck.check_vjp(forward, backward," in note["reproducer"]
    with np.load(out / "notes" / f"{failure['id']}.npz") as kept:
        assert "dy" in kept
    code, printed, _ = command(*again)
    assert code == errors.DISAGREE
    assert f"case {smallest}" in printed
    assert "layer_norm: the gradient of x is wrong" in printed
    assert "x also acts through the variance" in printed, "the fault is said, not only its place"
    code, printed, _ = command("replay", failure["id"], "--out", out, "--subject", planted)
    assert code == errors.DISAGREE
    assert "layer_norm" in printed
    # the reproducer runs by itself
    script = tmp_path / "again.py"
    script.write_text(note["reproducer"])
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "got" in done.stdout


def test_a_case_file_can_be_replayed_and_an_agreeing_one_says_so(command, tmp_path):
    out = tmp_path / "run"
    command("verify", "--networks", 5, "--out", out, *FAST)
    row = (out / "cases-0000.jsonl").read_text().splitlines()[2]
    (tmp_path / "case.json").write_text(row)
    code, printed, _ = command("replay", tmp_path / "case.json")
    assert code == errors.AGREE
    assert "nothing disagrees" in printed
    code, printed, _ = command("replay", json.loads(row)["id"], "--out", out, "--json")
    assert code == errors.AGREE
    assert json.loads(printed)["measures"]


def test_report_rebuilds_the_page(command, tmp_path):
    out, page = tmp_path / "run", tmp_path / "elsewhere.html"
    command("verify", "--networks", 10, "--out", out, *FAST)
    (out / "agreement.html").unlink()
    code, printed, _ = command("report", out, "-o", page)
    assert code == errors.AGREE
    assert printed.splitlines()[-1] == str(page)
    assert page.read_text().startswith("<!doctype html>")


def test_resume_goes_on_and_another_recipe_is_refused(command, tmp_path):
    out = tmp_path / "run"
    command("verify", *SOME_RULES, "--networks", 60, "--out", out, *FAST)
    (out / "records-0001.jsonl").unlink()
    before = (out / "records-0000.jsonl").stat().st_mtime_ns
    code, printed, _ = command("verify", *SOME_RULES, "--networks", 60, "--out", out, "--resume", *FAST)
    assert code == errors.AGREE
    assert "60 networks" in printed
    assert (out / "records-0000.jsonl").stat().st_mtime_ns == before
    code, _, complaint = command("verify", *SOME_RULES, "--networks", 61, "--out", out, "--resume", *FAST)
    assert code == errors.USAGE
    assert "--resume" in complaint


def test_a_second_run_replaces_the_first_and_nothing_else(command, tmp_path):
    out = tmp_path / "run"
    command("verify", *SOME_RULES, "--networks", 60, "--out", out, *FAST)
    (out / "mine.txt").write_text("not a file of a run")
    code, printed, _ = command("verify", "--networks", 5, "--out", out, *FAST)
    assert code == errors.AGREE
    assert "5 networks" in printed
    assert (out / "mine.txt").exists()


def test_doctor_names_what_there_is(command):
    code, printed, _ = command("doctor", "--json")
    found = json.loads(printed)
    assert code == errors.AGREE
    assert {"dense", "layer_norm", "softmax"} <= set(found["rules"])
    assert {"mse", "cross_entropy"} <= set(found["losses"])
    assert "sgd" in found["optimisers"]
    assert found["oracles"] == dict.fromkeys(("torch", "jax", "differences", "exact"), "works")
    assert found["dtypes"] == dict.fromkeys(("float16", "bfloat16", "float32", "float64"), "works")
    assert "works" in command("doctor")[1]


def test_train_learns_the_digits_and_verifies_on_the_way(command, tmp_path):
    code, printed, _ = command("train", "--json", "--out", tmp_path / "run", "--oracles", "torch,differences,exact")
    training = json.loads(printed)["training"]
    assert code == errors.AGREE
    assert training["accuracy"][-1] > 0.95
    assert training["loss"][-1] < training["loss"][0] / 5
    assert [moment["when"] for moment in training["checked"]] == ["start", "middle", "end"]
    for moment in training["checked"]:
        assert set(moment["verdicts"]) == {"agree"}
        assert moment["residual"] < 1e-30


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "--rules", "convolution"), "unknown rule 'convolution'; known are"),
        (("verify", "--oracles", "oracle"), "unknown oracle 'oracle'"),
        (("verify", "--dtype", "float128"), "unknown dtype 'float128'"),
        (("verify", "--networks", "0"), "--networks must be at least 1, got 0"),
        (("verify", "--networks", "many"), "'many' is not a valid integer"),
        (("verify", "--workers", "0"), "--workers must be at least 1"),
        (("verify", "--subject", "nowhere"), "MODULE:ATTR"),
        (("verify", "--subject", "no.such:THING"), "cannot be imported"),
        (("verify", "--subject", "planted_module:MISSING"), "has no 'MISSING'"),
        (("verify", "--subject", "planted_module:NOT_A_TABLE"), "got int"),
        (("verify", "--subject", "planted_module:NOT_A_PAIR"), "'tanh' must be a (forward, backward) pair"),
        (("report", "no/such/folder"), "no/such/folder"),
        (("replay", "abcdef", "--out", "no/such/folder"), "no/such/folder"),
        (("train", "--layers", "64,x,10"), "64,32,10"),
        (("train", "--layers", "63,10"), "63"),
        (("train", "--eta", "-1"), "eta"),
        (("train", "--data", "missing.npz"), "missing.npz"),
    ],
)
def test_wrong_use_is_one_sentence_and_leaves_nothing(command, planted, tmp_path, arguments, says):
    needs_out = arguments[0] in ("verify", "train")
    code, printed, complaint = command(*arguments, *(("--out", tmp_path / "run") if needs_out else ()))
    assert code == errors.USAGE
    assert says in complaint
    assert "Traceback" not in complaint
    assert printed == ""
    assert not list((tmp_path / "run").glob("records*")) if (tmp_path / "run").exists() else True


def test_an_output_folder_that_cannot_be_written_is_refused(command, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, complaint = command("verify", "--networks", 5, "--out", tmp_path / "file" / "run", *FAST)
    assert code == errors.USAGE
    assert "file" in complaint


def test_nan_in_the_data_is_refused(command, tmp_path):
    x = np.zeros((30, 4))
    x[7, 2] = np.nan
    np.savez(tmp_path / "bad.npz", x=x, y=np.arange(30) % 3)
    code, _, complaint = command("train", "--data", tmp_path / "bad.npz", "--layers", "4,3", "--out", tmp_path / "run")
    assert code == errors.USAGE
    assert "nan" in complaint
    assert "7" in complaint


def test_records_of_a_newer_version_are_told_of_in_words(command, tmp_path):
    out = tmp_path / "run"
    command("verify", "--networks", 5, "--out", out, *FAST)
    path = out / "records-0000.jsonl"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    list_files(out, [ListedFile(path.name, *fingerprint(path))])
    code, printed, complaint = command("report", out)
    assert code == errors.AGREE
    assert "of a newer format (99)" in printed
    assert complaint == ""


def test_a_run_that_could_judge_nothing_is_not_a_pass(command, tmp_path):
    code, _, _ = command("verify", "--networks", 5, "--oracles", "torch", "--workers", 1, "--out", tmp_path / "run")
    assert code == errors.COULD_NOT


def test_a_rule_that_is_never_judged_fails_the_run(command, tmp_path, monkeypatch):
    """A gradient of zeros everywhere proves nothing, however many networks say so."""
    (tmp_path / "flat_module.py").write_text(
        "RULES = {'tanh': (lambda x: (0 * x, x), lambda x, dy: (0 * dy,))}\n",
    )
    monkeypatch.syspath_prepend(tmp_path)
    common = ("--networks", 60, "--rules", "tanh", "--oracles", "differences,exact", "--workers", 1)
    code, printed, _ = command("verify", *common, "--subject", "flat_module:RULES", "--out", tmp_path / "run")
    assert code == errors.COULD_NOT
    assert "never judged" in printed


def test_interrupting_keeps_what_is_finished(command, tmp_path, monkeypatch):
    from backcheck.campaign import workers

    real = workers.run_shard

    def interrupted(recipe, shard, folder, steps):
        if shard == 1:
            raise KeyboardInterrupt
        return real(recipe, shard, folder, steps)

    monkeypatch.setattr(workers, "run_shard", interrupted)
    out = tmp_path / "run"
    code, _, complaint = command("verify", *SOME_RULES, "--networks", 120, "--out", out, *FAST)
    assert code == errors.INTERRUPTED
    assert "--resume" in complaint
    assert (out / "records-0000.jsonl").exists()
    assert not (out / "records-0001.jsonl").exists()


def test_an_unforeseen_error_of_the_command_line_ends_with_3(command, monkeypatch):
    monkeypatch.setattr("backcheck.commands.replay.replay", lambda *given: {}["x"])
    code, _, complained = command("replay", "0123")
    assert code == errors.COULD_NOT
    assert "KeyError" in complained
