"""`backcheck power`: what it prints, what its page has, and its exit codes."""

import json

import pytest

from backcheck import errors
from backcheck_reports import read_run
from tests.commands.in_this_process import one_worker_here


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr("backcheck.commands.power.Pool", one_worker_here)


def hunt(command, out, *more):
    return command("power", "--workers", 1, "--out", out, *more)


def test_all_that_are_caught_is_exit_code_0_and_a_page(command, tmp_path):
    out = tmp_path / "power"
    code, printed, _ = hunt(command, out, "--quick", "--rules", "tanh,square", "--faults", "slope,factor")
    assert code == errors.AGREE
    assert printed.splitlines()[-1] == str(out / "agreement.html")
    assert "2 faults planted, 2 caught (100 %)" in printed
    page = (out / "agreement.html").read_text()
    assert "All 2 planted faults found" in page
    assert 'id="agreement"' not in page
    assert {row["fault"] for row in read_run(out).power} == {"tanh: the square left out", "square: the 2 left out"}


def test_a_survivor_is_exit_code_1_and_said_first(command, tmp_path):
    out = tmp_path / "power"
    code, printed, _ = hunt(command, out, "--rules", "lp_pool2d", "--networks", 2)
    assert code == errors.DISAGREE
    assert printed.startswith("NOT CAUGHT  lp_pool2d: ")
    assert "2 faults planted, 0 caught (0 %)" in printed
    page = (out / "agreement.html").read_text()
    assert "0 of 2 planted faults found" in page
    assert "ceil_mode and a window that is cut off" in page


def test_a_mixed_stream_counts_all_networks(command, tmp_path):
    out = tmp_path / "power"
    code, printed, _ = hunt(command, out, "--rules", "layer_norm", "--faults", "term", "--networks", 20, "--json")
    told = json.loads(printed)
    assert code == errors.AGREE
    assert told["caught"] == told["rule_named"] == 2
    assert told["false_sentences"] == told["crashes"] == 0
    assert all(1 <= row["judged"] < row["networks"] <= 20 for row in told["faults"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--faults", "typo"), "unknown kind of fault 'typo'"),
        (("--rules", "tanhh"), "did you mean tanh"),
        (("--rules", "tanh", "--faults", "tie"), "no fault of these kinds in these rules"),
        (("--networks", "0"), "--networks must be at least 1"),
    ],
)
def test_wrong_use_is_exit_code_2(command, tmp_path, options, said):
    code, _, complaint = hunt(command, tmp_path / "power", *options)
    assert code == errors.USAGE
    assert said in complaint


@pytest.mark.slow
def test_the_quick_form_finds_one_fault_of_each_kind(command, tmp_path):
    code, printed, _ = hunt(command, tmp_path / "power", "--quick")
    assert code == errors.AGREE, printed
    assert "(100 %)" in printed
