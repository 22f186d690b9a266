"""A rule that raises, or answers in no form that a gradient has, is a finding, and the run goes on."""

from pathlib import Path

import numpy as np
import pytest

from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import failures_of, run_shard
from backcheck.commands.verify import verify
from backcheck.errors import AGREE, COULD_NOT, DISAGREE
from backcheck.subjects.rule_table import whole_networks
from backcheck.verdicts import check
from backcheck_reports import read_notes, read_records
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES
from tests.campaign import wrong_forms
from tests.campaign.wrong_forms import BARE, TABLES, Tired
from tests.commands.in_this_process import one_worker_here

SUBJECT = "tests.campaign.wrong_forms:TABLE"


@pytest.mark.parametrize("what", TABLES)
def test_every_wrong_form_is_a_finding_of_its_rule(what, monkeypatch, tmp_path):
    blames(what, "tanh", monkeypatch, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("what", TABLES)
def test_so_it_is_of_a_rule_with_two_outputs(what, monkeypatch, tmp_path):
    blames(what, "lstm_cell", monkeypatch, tmp_path)


def blames(what, rule, monkeypatch, tmp_path):
    monkeypatch.setattr(wrong_forms, "TABLE", {rule: TABLES[what][rule]})
    recipe = Recipe(3, 2, (rule, "add"), ("float64",), ("exact",), SUBJECT)
    run_shard(recipe, 0, tmp_path)
    assert {record.network for record in read_records(tmp_path)} == {0, 1, 2}, "the run went on"
    assert {blamed for _, blamed, _ in (failure.bucket for failure in failures_of(recipe, tmp_path))} == {rule}


def run(folder: Path, subject: str, networks: int = 6, **options) -> int:
    usual = {"seed": 1, "rules": ("tanh", "add"), "dtypes": ("float64",), "oracles": ("exact",), "order": 1}
    others = {"zoo": False, "workers": 1, "resume": False, "with_training": False, "as_json": False}
    limits = {"case_seconds": 300.0, "worker_memory": 2000}
    return verify(networks=networks, subject=subject, out=str(folder), **{**usual, **others, **limits, **options})


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr("backcheck.commands.verify.Pool", one_worker_here)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("forward: raises a KeyError", "tanh: forward raises KeyError: 'gamma', so there is no forward value"),
        ("forward: another shape", "forward of tanh returns shape ["),
        ("backward: None", "backward of tanh must return 1 gradient; it returned None"),
        ("backward: raises a RuntimeError", "backward raises RuntimeError: no"),
    ],
)
def test_the_note_says_what_came_and_what_was_expected(what, said, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(wrong_forms, "TABLE", {"tanh": TABLES[what]["tanh"]})
    assert run(tmp_path, SUBJECT) == DISAGREE
    assert "6 networks" in capsys.readouterr().out
    (note,) = read_notes(tmp_path).values()
    assert note.title.startswith("tanh.")
    assert any(said in line for line in note.lines), note.lines
    assert not any("the backward raises" in line for line in note.lines), "said of a forward, too"


def test_a_bare_gradient_of_one_array_is_taken(tmp_path):
    assert run(tmp_path, "tests.campaign.wrong_forms:BARE", rules=tuple(BARE)) == AGREE


@pytest.mark.parametrize("calls", [0, 5, 12])
def test_a_forward_that_raises_from_some_call_on_ends_no_run(calls, monkeypatch, tmp_path):
    monkeypatch.setattr(wrong_forms, "TABLE", {"tanh": (Tired("tanh", calls).forward, RULES["tanh"].backward)})
    assert run(tmp_path, SUBJECT) == DISAGREE


def test_a_rule_most_of_whose_gradients_are_unavailable_is_no_success(monkeypatch, tmp_path, capsys):
    def unknown(x):
        y, saved = RULES["tanh"].forward(x)
        return (y * np.nan if x.size > 1 else y), saved

    monkeypatch.setattr(wrong_forms, "TABLE", {"tanh": (unknown, RULES["tanh"].backward)})
    assert run(tmp_path, SUBJECT, 24, rules=("tanh",)) == COULD_NOT
    assert "hardly judged, most of its gradients are unavailable: tanh, most often: " in capsys.readouterr().out


def test_a_fault_of_our_own_at_one_network_is_said_and_ends_with_3(monkeypatch, tmp_path, capsys):
    before, met = check._judge_the_rule, []

    def failing(found):
        met.append(found)
        return before(found) if len(met) != 3 else {}["x"]

    passes = tuple(failing if each is before else each for each in check.PASSES)
    monkeypatch.setattr(check, "PASSES", passes)
    assert run(tmp_path, "tests.campaign.wrong_forms:BARE", rules=tuple(BARE)) == COULD_NOT
    assert "missing by a fault of backcheck's own (backcheck itself failed: KeyError in " in capsys.readouterr().out
    assert {record.network for record in read_records(tmp_path)} == set(range(6)), "the run went on"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda network, arrays, dy: None, "must return (value, gradients by array); it returned None"),
        (lambda network, arrays, dy: (dy, {}), "returned no gradient by x"),
        (lambda network, arrays, dy: ([1.0], {"x": dy}), "returned a list of 1 for the value"),
        (lambda network, arrays, dy: (dy, {"x": None}), "returned None for x"),
        (lambda network, arrays, dy: {}["x"], "raises KeyError: 'x'"),
    ],
)
def test_an_engine_that_answers_in_no_form_is_a_finding(answer, said):
    network = Network({"x": ArraySpec((2,))}, (Node("h", "tanh", ("x",)),), "h")
    found = check.check(network, {"x": np.ones(2)}, np.ones(2), rules=whole_networks(answer), oracles=("exact",))
    assert found.disagreements
    assert said in found.measures[found.disagreements[0]].reason
