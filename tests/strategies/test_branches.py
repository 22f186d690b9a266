"""Several cases side by side are one case, in which each is what it was."""

import json
from dataclasses import replace

import numpy as np
import pytest

from backcheck.strategies.case import Case, CaseError
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.side_by_side.branches import branched
from backcheck.strategies.side_by_side.first_networks import NETWORKS_A_ROUND, ROUNDS, branches
from scratch_bp.network import ArraySpec, Network, Node, value_and_grad
from scratch_bp.rules import RULES

ONE_OUTPUT = ("tanh", "relu", "dense", "softmax", "mse", "add", "sum", "max_pool1d", "log")
NAMES = (*ONE_OUTPUT, "split")


def case(rule, shape=(2, 3), dtype="float64", start=1.0):
    x = (np.arange(float(np.prod(shape))).reshape(shape) + start).astype(dtype)
    return Case.of(Network({"x": ArraySpec(shape, "input")}, (Node("h1", rule, ("x",)),), "h1"), {"x": x}, 1 + x)


def test_values_and_gradients_are_those_of_the_parts(draw_many):
    drawn: list[Case] = draw_many(cases(ONE_OUTPUT, ("float64",), max_nodes=4), 20)
    unlike = {(each.arrays["x"].shape, each.arrays["x"].profile): each for each in drawn}
    whole, parts = branched(list(unlike.values())), unlike.values()
    with np.errstate(all="ignore"):
        value, grads = value_and_grad(whole.network, *whole.make())
        alone = [value_and_grad(part.network, *part.make()) for part in parts]
    assert len(parts) > 5
    assert np.array_equal(value, np.concatenate([np.ravel(y) for y, _ in alone]), equal_nan=True)
    for grad, want in zip(grads.values(), (grad for _, each in alone for grad in each.values()), strict=True):
        assert np.array_equal(grad, want, equal_nan=True)
    assert Case.from_json(json.loads(json.dumps(whole.to_json()))).id == whole.id


def test_of_a_rule_of_several_outputs_all_are_read():
    network = Network({"x": ArraySpec((2, 3), "input")}, (Node("h1", "split", ("x",), {"split_size": 2}),), "h1.0")
    part = Case.of(network, {"x": np.ones((2, 3))}, np.ones((2, 3)))
    whole = branched([case("tanh"), part])
    assert [node.reads for node in whole.network.nodes if node.rule == "flatten"] == [("h1",), ("h2.0",)]
    network = replace(network, nodes=(Node("h1", "split", ("x",), {"split_size": 1}),), output="h1.1")
    both = branched([case("tanh"), Case.of(network, {"x": np.ones((2, 3))}, np.ones((1, 3)))])
    assert [node.reads for node in both.network.nodes if node.rule == "flatten"] == [("h1",), ("h2.1",), ("h2.0",)]
    assert both.make()[1][9:].any()


def test_inputs_that_are_drawn_alike_are_one_array_that_both_read():
    whole = branched([case("tanh"), case("exp"), case("exp", (3, 2))])
    assert list(whole.network.arrays) == ["x", "x3"]
    assert [node.reads for node in whole.network.nodes[:3]] == [("x",), ("x",), ("x3",)]
    x, (dy, _) = whole.make()[0]["x"], np.split(whole.make()[1], [12])
    grad = value_and_grad(whole.network, *whole.make())[1]["x"]
    assert np.allclose(grad, dy[:6].reshape(2, 3) / np.cosh(x) ** 2 + dy[6:].reshape(2, 3) * np.exp(x))


def test_one_case_stays_as_it_is_and_two_dtypes_are_refused():
    assert branched([case("tanh")]) == case("tanh")
    with pytest.raises(CaseError, match="one dtype"):
        branched([case("tanh"), case("tanh", dtype="float32")])


def names_of(network, seed=0, names=NAMES):
    found = branches(network, seed, 0, names, "float64", RULES, RULES)
    return [each.strategy for each in found]


def test_a_round_has_each_rule_once():
    for turn in range(len(ROUNDS)):
        first = 1 + turn * NETWORKS_A_ROUND
        counts = [len(names_of(network)) for network in range(first, first + NETWORKS_A_ROUND)]
        assert sum(counts) == len(NAMES)
        assert max(counts) - min(counts) <= 1


def test_the_first_network_those_after_the_rounds_and_those_of_few_rules_have_no_branches():
    assert not names_of(0)
    assert not names_of(1 + NETWORKS_A_ROUND * len(ROUNDS))
    assert not names_of(1, names=NAMES[:NETWORKS_A_ROUND])
