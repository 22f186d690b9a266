"""Every number, shape, index and name in a sentence about a fault is true of the case printed beside it."""

import re
from dataclasses import replace

import numpy as np
import pytest

import backcheck
from backcheck import check
from backcheck.diagnosis.faults import describe, explain
from backcheck.diagnosis.figure import heat
from backcheck.diagnosis.locate import diagnose
from backcheck.diagnosis.note import printed, tell
from backcheck.diagnosis.shrink import fails_alike, simpler_arrays, stands_out
from backcheck.keys import gradient
from backcheck.strategies.case import Case, draw_as_text
from backcheck.verdicts.cases import check_case
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.diagnosis.faults.test_faults import PLANTED
from tests.diagnosis.sentences import Shown, shown_by, untrue, untrue_in, untrue_rows
from tests.diagnosis.wrong_rules.catalogue import WRONG_RULES, numbers
from tests.subjects.test_hidden_faults import ROWS
from tests.subjects.wrong_pairs import WRONG

QUICK = ("square images", "distinct indices", "disjoint windows", "the last axis")
SHOWN = Shown(
    "w",
    {"x": np.ones((3, 2)), "w": np.ones((2, 4))},
    {"p": 0.25},
    np.ones((3, 4)),
    0.5 * np.ones((2, 4)),
    np.ones((2, 4)),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_sentence_of_a_planted_fault_is_true_of_its_numbers(planted):
    wrong = planted.make()
    found = explain(wrong)
    assert not untrue(found.sentence, shown_by(wrong)), found.sentence


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_plain_facts_are_true_too(planted):
    wrong = planted.make()
    facts = [line for line in describe(wrong).splitlines() if not line.startswith(("  |", "map of"))]
    assert not [each for line in facts for each in untrue(line, shown_by(wrong))], facts


@pytest.mark.parametrize(
    ("words", "claim"),
    [
        ("6 of 9 entries are right; wrong: [0, 1]", "6 of 9 entries"),
        ("got 0.5 x want in all 8 entries; the batch is 6: the mean over it seems to be missing", "the batch is 6"),
        ("got 2 x want in all 8 entries", "got 2 x want"),
        ("got 0.5 x want in all 12 entries", "in all 12 entries"),
        ("the largest error is at [2, 1]: got 0.5, want 1", "at [2, 1]: got 0.5, want 1"),
        ("the largest error is at [0, 1]: got 0.57, want 1", "at [0, 1]: got 0.57, want 1"),
        ("the largest error is at [0, 1]: got 1, want 1", "at [0, 1]: got 1, want 1"),
        ("got 1 at [0, 1], want 1", "got 1 at [0, 1], want 1"),
        ("got 0.5 at [0, 1], want 1, relative error 1e-05", "got 0.5 at [0, 1], want 1, relative error 1e-05"),
        ("the gradient by w: got 0.5 at [0, 1], want nan", "got 0.5 at [0, 1], want nan"),
        ("got nan, want nan", "want nan"),
        ("got is the gradient of q: two gradients are returned in each other's place", "the gradient of q"),
        ("got has shape [2, 4], expected [4, 2]", "has shape [2, 4], expected [4, 2]"),
        ("got is want clipped to 0.1109", "got is want clipped to 0.1109"),
        ("got / want runs from 0.1 to 0.5 where it is wrong", "got / want runs from 0.1 to 0.5"),
        ("dy is summed over axis 5; it belongs over axis 1", "axis 5"),
        ("the option q is 3: it is not multiplied in", "the option q"),
    ],
)
def test_what_is_not_true_of_a_case_is_found(words, claim):
    assert claim in untrue(words, SHOWN)


@pytest.mark.parametrize(
    "words",
    [
        "got 0.5 x want in all 8 entries; the width is 2, and this is 1/2: divided by it once too often",
        "the largest error is at [0, 1]: got 0.5, want 1",
        "dy is summed over axis 0; it belongs over axis 1",
    ],
)
def test_what_is_true_is_let_pass(words):
    assert not untrue(words, SHOWN)


def failures(row, seed, draws=200):
    found = backcheck.verify_rule(row.wrong, row.arrays, row.config, draws=draws, seed=seed)
    assert found.failure is not None
    return found.failure


@pytest.mark.parametrize("row", [row for row in ROWS if row.hides in QUICK], ids=lambda row: row.hides)
def test_the_note_of_a_shrunk_case_is_about_that_case_or_names_the_larger_one(row):
    failure = failures(row, 0)
    assert not untrue_in(failure), failure.explain()


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.hides)
@pytest.mark.parametrize("seed", range(4))
def test_so_are_the_notes_of_all_hidden_faults(row, seed):
    failure = failures(row, seed)
    if failure.note is not None and failure.finding.key.name in failure.checked.problem.arrays:
        assert not untrue_in(failure), failure.explain()


@pytest.mark.parametrize("name", WRONG)
def test_the_note_of_a_wrong_pair_is_about_its_case(name):
    forward, backward, arrays, *_ = WRONG[name]
    check = backcheck.check_vjp(forward, backward, *arrays)
    assert not untrue_in(check), check.explain()


def noted(row):
    """The note of a run about a wrong rule, the case made as simple as it can be; both cases; what is misnamed."""
    with row.planted() as table, np.errstate(all="ignore"):
        network = row.case(row.arrays)
        shape = check(network, row.arrays, oracles=("exact",)).problem.dy.shape
        case = Case.of(network, row.arrays, numbers(*shape, seed=11))
        checked = check_case(case, table)
        finding = diagnose(checked)
        fails = fails_alike(finding, table, plainly=stands_out(checked, finding.party))
        small = simpler_arrays(case, fails)
        note = tell(small, table, found=case, id=case.id)
        return note, check_case(small, table), case, misnamed(note, table, small, case)


def misnamed(note, table, *cases):
    """What of a note is not of the case that it names: the networks, their pictures, the pictures of the errors."""
    by_id = {case.id: case for case in cases}
    small, found = by_id[note.shown or note.id], by_id.get(note.found)
    wrong = [note.network] if note.network != draw_as_text(small.network) else []
    if found is not None and note.found_network != draw_as_text(found.network):
        wrong.append(note.found_network)
    for graph in filter(None, (note.graph, note.found_graph)):
        drawn = by_id[re.search(r"of case (\w+)", graph["title"])[1]]
        if {a["name"]: tuple(a["shape"]) for a in graph["arrays"]} != shapes_in(drawn):
            wrong.append(graph["title"])
    for picture in filter(None, (note.heat, note.found_heat)):
        checked = check_case(by_id[re.fullmatch(r", case (\w+)", picture["where"])[1]], table)
        if heat(checked, diagnose(checked))["values"] != picture["values"]:
            wrong.append(picture["where"])
    return wrong


def shapes_in(case):
    return {name: tuple(spec.shape) for name, spec in case.network.arrays.items()}


SMALL_ROWS = [row for row in WRONG_RULES if row.small is None and row.reverse is None and row.right is None]


def test_each_picture_and_number_is_of_the_case_that_it_names():
    table = {
        **RULES,
        "tanh": Rule(RULES["tanh"].forward, lambda saved, dy: (2 * RULES["tanh"].backward(saved, dy)[0],)),
    }
    found, small = (
        Case.of(Network({"x": ArraySpec(shape)}, (Node("h", "tanh", ("x",)),), "h"), {"x": x}, np.ones(shape))
        for shape, x in (((3, 4), numbers(3, 4)), ((1, 1), np.ones((1, 1))))
    )
    note, checked = tell(small, table, found=found, id=found.id), check_case(small, table)
    assert (note.id, note.shown, note.found) == (found.id, small.id, found.id)
    assert note.graph["title"].startswith(f"The network of case {small.id}")
    assert note.found_graph["title"].startswith(f"The network of case {found.id}")
    assert note.found_heat["where"] == f", case {found.id}"
    assert f"smallest network, case {small.id}:" in "\n".join(printed(note))
    assert not misnamed(note, table, small, found)
    of_small = {**note.found_graph, "title": f"The network of case {small.id}, the rule at fault marked"}
    assert misnamed(replace(note, found_graph=of_small), table, small, found) == [of_small["title"]]
    of_found = {**note.graph, "title": f"The network of case {found.id}, the rule at fault marked"}
    assert misnamed(replace(note, graph=of_found), table, small, found) == [of_found["title"]]
    assert misnamed(replace(note, found_heat={**note.found_heat, "where": f", case {small.id}"}), table, small, found)
    assert misnamed(replace(note, shown=""), table, small, found)
    assert not untrue_rows(note.table, checked)
    ((where, got, want, allowed),) = note.table
    for row in ((where, want, want, allowed), (where, got, "nan", allowed), ("x[2, 3]", got, want, allowed)):
        assert untrue_rows((row,), checked)
    alone = tell(small, table)
    assert not alone.shown
    assert not misnamed(alone, table, small)


FEW_ROWS = ("layer norm, std + eps", "bias averaged", "softmax, sign of the sum", "dropout, no rescaling")


def a_note_of_a_run_is_true(row):
    note, checked, case, misnamed_parts = noted(row)
    assert not untrue_rows(note.table, checked)
    assert not misnamed_parts
    if note.lines[0].startswith(f"in {row.rule}("):
        assert f"the larger case is kept too: backcheck replay {case.id}" in note.lines
        return
    alone, key = diagnose(checked).alone, gradient(row.argument)
    known = checked.truth.known.get(key) if len(checked.problem.network.nodes) == 1 else None
    numbers_shown = () if known is None else (checked.answers["numpy"].tensors[key], known.hi)
    shown = Shown(row.argument, alone.arrays, dict(alone.network.nodes[0].config), alone.dy, *numbers_shown)
    assert not untrue(note.lines[0], shown), note.lines


@pytest.mark.parametrize("row", [row for row in SMALL_ROWS if row.name in FEW_ROWS], ids=lambda row: row.name)
def test_the_note_of_a_run_is_about_its_case_or_names_the_larger_one(row):
    a_note_of_a_run_is_true(row)


@pytest.mark.slow
@pytest.mark.parametrize("row", SMALL_ROWS, ids=lambda row: row.name)
def test_so_are_the_notes_of_a_run_on_all_wrong_rules(row):
    a_note_of_a_run_is_true(row)


def test_a_sentence_of_a_larger_case_comes_with_that_case():
    failure = failures(next(row for row in ROWS if row.hides == "disjoint windows"), 0)
    assert failure.told_on is not None
    shapes = {name: list(array.shape) for name, array in failure.told_on.checked.problem.arrays.items()}
    assert f"in MeanPoolDisjoint(x{shapes['x']}" in failure.note.lines[0]
    assert failure.told_on.reproducer in failure.explain()
    assert untrue_in(replace(failure, told_on=None)), "a larger case that is not kept must be missed"
