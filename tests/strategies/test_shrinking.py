"""Failures shrink: few nodes, small shapes, simple values, default options."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, find, settings

from backcheck.diagnosis.shrink import simpler_arrays
from backcheck.strategies.case import Case, draw_as_text
from backcheck.strategies.case_strategies import cases
from scratch_bp.network import ArraySpec, Network, Node, value_and_grad
from scratch_bp.rules import RULES, Rule

PLAIN = ["relu", "tanh", "dense", "add", "mse"]


def smallest(holds: Callable[[Case], bool], rules: list[str] | None = None) -> Case:
    quiet = settings(database=None, deadline=None, max_examples=3000, suppress_health_check=[HealthCheck.too_slow])
    return find(cases(rules), holds, settings=quiet, random=Random(1))


def rules_of(case: Case) -> list[str]:
    return [node.rule for node in case.network.nodes]


@pytest.mark.parametrize("rule", ["layer_norm", "dense", "add", "huber"])
def test_a_rule_shrinks_to_itself(rule):
    case = smallest(lambda case: rule in rules_of(case), [rule, *PLAIN])
    assert rules_of(case) == [rule]
    assert not case.network.nodes[0].config
    assert max(recipe.size for recipe in case.arrays.values()) <= 2
    assert {recipe.profile for recipe in case.arrays.values()} == {"zeros"}
    assert case.cotangent.profile == "ones"


def test_a_pair_of_rules_shrinks_to_the_pair():
    case = smallest(lambda case: ("relu", "tanh") in zip(rules_of(case), rules_of(case)[1:], strict=False), PLAIN)
    assert draw_as_text(case.network) == "x[2,1] -> relu -> tanh"


def test_an_option_stays_while_it_matters_and_only_it():
    case = smallest(lambda case: any(node.config.get("eps") == 0.25 for node in case.network.nodes))
    assert [dict(node.config) for node in case.network.nodes] == [{"eps": 0.25}]


def wrong(rule: str, backward: Callable) -> Callable[[Case], bool]:
    """Whether a wrong backward of this rule shows in a case."""
    table = {**RULES, rule: Rule(RULES[rule].forward, backward)}

    def shows(case: Case) -> bool:
        arrays, dy = case.make()
        with np.errstate(all="ignore"):
            want = value_and_grad(case.network, arrays, dy)[1]
            got = value_and_grad(case.network, arrays, dy, table)[1]
        return any(
            np.shape(got[name]) != want[name].shape or (np.isfinite(want[name]) & (got[name] != want[name])).any()
            for name in want
        )

    return shows


def test_a_rectifier_wrong_at_zero_shrinks_to_itself():
    case = smallest(wrong("relu", lambda x, dy: (np.where(x >= 0, dy, 0 * dy),)))
    assert draw_as_text(case.network) == "x[2,1] -> relu"


def test_a_softmax_wrong_off_the_last_axis_shrinks_to_that_axis():
    def last_axis_only(saved, dy):
        y = saved.y
        return (y * (dy - (dy * y).sum(axis=-1, keepdims=True)),)

    case = smallest(wrong("softmax", last_axis_only), ["softmax", "add", "tanh"])
    assert rules_of(case) == ["softmax"]
    assert "dim" in case.network.nodes[0].config


def test_a_sum_that_forgets_broadcasting_shrinks_to_one_repeated_array():
    case = smallest(wrong("add", lambda saved, dy: (dy.copy(), dy.copy())), ["add", "tanh", "mse"])
    assert rules_of(case) == ["add"]
    assert {recipe.profile for recipe in case.arrays.values()} == {"zeros"}


def test_an_array_without_axes_is_made_simpler_as_well():
    network = Network({"x": ArraySpec((2,))}, (Node("y", "sum", ("x",), {"dim": None, "keepdim": False}),), "y")
    case = Case.of(network, {"x": np.array([1.25, 0.3])}, np.array(0.1234))
    simple = simpler_arrays(case, lambda tried: 0.05 < tried.make()[1] < 0.2)
    assert simple.make()[1] == 0.1
    assert not simple.make()[0]["x"].any()
