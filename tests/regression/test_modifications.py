"""Prepared modifications of many kinds, each to be told by its right name; nothing else is to be mentioned."""

import pytest

from backcheck.regression.difference import comparison
from backcheck.regression.difference.tensors import Kind
from backcheck.regression.sides import source
from backcheck.regression.sides.draws import ComparisonPlan
from tests.regression.modifications import MODIFICATIONS, tree

TIMED = ("faster", "slower")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Two copies that differ by all of them, compared; by the rules and whether they are timed."""
    old = tree(tmp_path_factory.mktemp("old"), *MODIFICATIONS, old=True)
    new = tree(tmp_path_factory.mktemp("new"), *MODIFICATIONS)

    def run(rules, timed):
        with source.opened(str(old)) as before, source.opened(str(new)) as after:
            return comparison.run(comparison.Task(before, after, ComparisonPlan(networks=0, rules=rules), timed=timed))

    return run


@pytest.fixture(scope="module")
def answers(compared):
    rules = tuple({each.rule for each in MODIFICATIONS} | {"sum"})
    return compared(rules, False)


@pytest.fixture(scope="module")
def times(compared):
    return compared(tuple(each.rule for each in MODIFICATIONS if each.category in TIMED), True)


def named(*categories):
    chosen = [each for each in MODIFICATIONS if each.category in categories]
    return pytest.mark.parametrize("modification", chosen, ids=lambda each: each.name)


def check(found, modification):
    about = [each for each in found.findings if each.rule == modification.rule]
    (first, *_) = [each for each in about if each.category == modification.category] or [None]
    assert first is not None, about
    assert first.fails == modification.fails
    for word in modification.words:
        assert word in first.sentence
    return first


@named(*{each.category for each in MODIFICATIONS} - {None, *TIMED})
def test_a_modification_gets_its_verdict_and_its_sentence(answers, modification):
    check(answers, modification)


@pytest.mark.slow  # it reads a clock; what a clock's readings are taken for is tested without one
@named(*TIMED)
def test_a_large_change_of_speed_is_said(times, modification):
    check(times, modification)
    assert not times.failing, "the answers are the same, and no limit was given to the times"


@named(None)
def test_a_pure_refactoring_is_not_mentioned(answers, modification):
    assert not [each for each in answers.findings if each.rule == modification.rule]
    rows = [row for row in answers.rows if row.rule == modification.rule]
    assert {row.kind for row in rows} == {Kind.SAME}
    assert {row.dtype for row in rows} == {"float64", "float32", "float16", "bfloat16"}


def test_what_nobody_touched_is_identical(answers):
    assert {row.kind for row in answers.rows if row.rule == "sum"} == {Kind.SAME}


def test_a_fault_is_shown_on_the_smallest_network(answers):
    (found,) = [each for each in answers.findings if each.rule == "softplus"]
    assert found.smallest.network.startswith("x[1")
    assert "softplus" in found.smallest.network
    assert found.smallest.old != found.smallest.new
    assert found.smallest.case["network"]["nodes"][0]["rule"] == "softplus"
