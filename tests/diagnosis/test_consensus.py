"""Of several failures of one kind the one that tells most is told: what two of them say goes first."""

import numpy as np

from backcheck import check
from backcheck.diagnosis.consensus import most_telling
from backcheck.diagnosis.locate import diagnose
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import one_node

AVERAGED = Rule(
    RULES["dense"].forward, lambda s, dy: (*RULES["dense"].backward(s, dy)[:2], dy.sum(0) / max(len(dy), 1))
)


def failure(rows, width):
    rng = np.random.Generator(np.random.PCG64(rows))
    arrays = {
        "x": rng.standard_normal((rows, 2)),
        "w": rng.standard_normal((2, width)),
        "b": rng.standard_normal(width),
    }
    dy = rng.standard_normal((rows, width))
    checked = check(one_node("dense", arrays), arrays, dy, rules={**RULES, "dense": AVERAGED}, oracles=("exact",))
    return diagnose(checked), checked.problem


def test_what_most_of_them_say_is_told():
    """In a single entry half of the truth may be anything; in four columns of five rows it is the mean."""
    failures = [failure(2, 1), failure(3, 4), failure(5, 4)]
    number, said = most_telling(failures)
    assert number in (1, 2)
    assert said.fault.kind == "mean-for-sum"


def test_one_alone_tells_what_it_can():
    number, said = most_telling([failure(3, 4)])
    assert number == 0
    assert said.fault.kind == "mean-for-sum"


def test_where_none_is_named_the_case_with_most_wrong_entries_is_shown():
    def noisy(rows):
        rng = np.random.Generator(np.random.PCG64(7))
        rule = Rule(RULES["tanh"].forward, lambda y, dy: (np.cos(y + dy),))
        arrays = {"x": rng.standard_normal((rows, 3))}
        checked = check(one_node("tanh", arrays), arrays, rules={**RULES, "tanh": rule}, oracles=("exact",))
        return diagnose(checked), checked.problem

    number, said = most_telling([noisy(1), noisy(4), noisy(2)])
    assert number == 1
    assert said.fault is None
