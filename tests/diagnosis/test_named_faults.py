"""Faults with a name, as people write them: said by every way in, not of the right twin, and not of a near miss."""

import numpy as np
import pytest

import backcheck
from backcheck import check
from backcheck.diagnosis.locate import diagnose
from backcheck.diagnosis.sentence import say
from backcheck_reports.record import Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.diagnosis.named_faults import NAMED
from tests.diagnosis.sentences import untrue_in

EACH = pytest.mark.parametrize("row", NAMED, ids=lambda row: row.name)


def checked(row, backward):
    return backcheck.check_vjp(row.forward, backward, *row.arrays, config=row.config)


def near_miss(row):
    """One entry off by a thousandth more: then the sentence no longer gives the whole tensor."""

    def backward(saved, dy):
        grads = row.wrong(saved, dy)
        return tuple(g if g is None else _with_one_off(g) for g in grads)

    return backward


def _with_one_off(grad):
    moved = grad + 0 * grad
    moved[(0,) * grad.ndim] = moved[(0,) * grad.ndim] * 1.25 + 0.0078125
    return moved


@EACH
def test_check_vjp_says_it(row):
    found = checked(row, row.wrong)
    assert found.verdict is Verdict.DISAGREE
    assert row.says in found.note.lines[0], found.explain()
    assert not untrue_in(found), found.explain()


@EACH
def test_the_right_twin_agrees(row):
    found = checked(row, row.right)
    assert found.verdict is Verdict.AGREE, found.explain()


@EACH
def test_of_a_near_miss_it_is_not_said(row):
    found = checked(row, near_miss(row))
    assert found.verdict is Verdict.DISAGREE
    assert row.says not in " ".join(found.note.lines), found.explain()


@EACH
def test_it_is_said_of_a_rule_in_a_network(row):
    names = [f"a{i}" for i in range(len(row.arrays))]
    arrays = dict(zip(names, row.arrays, strict=True))
    rules = {**RULES, "mine": Rule(row.forward, row.wrong)}
    specs = {n: ArraySpec(a.shape, classes=None if a.dtype.kind == "f" else 5) for n, a in arrays.items()}
    mine = Node("m", "mine", ("h", *names[1:]), dict(row.config))
    network = Network(specs, (Node("h", "tanh", ("a0",)), mine, Node("y", "sigmoid", ("m",))), "y")
    found = check(network, arrays, rules=rules, oracles=("exact",))
    finding = diagnose(found)
    assert finding is not None
    assert finding.rule == "mine"
    assert row.says in say(finding, found.problem), say(finding, found.problem)


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("seed", range(2))
def test_verify_rule_says_it_of_the_case_or_of_a_larger_one(row, seed):
    found = backcheck.verify_rule((row.forward, row.wrong), row.axes, row.drawn, draws=60, seed=seed)
    assert found.verdict is Verdict.DISAGREE
    assert not untrue_in(found.failure), found.explain()
    right = backcheck.verify_rule((row.forward, row.right), row.axes, row.drawn, draws=20, seed=seed)
    assert right.verdict is Verdict.AGREE, right.explain()


SOME = ("a block's first entry", "used twice, counted once", "evaluation as in training")


@pytest.mark.parametrize("row", [row for row in NAMED if row.name in SOME], ids=lambda row: row.name)
def test_verify_rule_says_it(row):
    found = backcheck.verify_rule((row.forward, row.wrong), row.axes, row.drawn, draws=40, seed=0)
    assert found.verdict is Verdict.DISAGREE
    assert row.says in found.failure.note.lines[0], found.explain()
    assert not untrue_in(found.failure), found.explain()
    assert np.isfinite(found.failure.measures[found.failure.finding.key, "numpy"].got)
