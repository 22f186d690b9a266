"""Differences run what moves, and nothing else has a part in what they say."""

import numpy as np
import pytest

from backcheck.keys import gradient
from backcheck.problem import pose
from backcheck.verdicts.differences import ask_differences
from backcheck.verdicts.moving_part import moving_part
from scratch_bp.network import ArraySpec, Network, Node, forward
from scratch_bp.rules import RULES, Rule

X, FAR = np.array([[0.5, -1.25], [2.0, 0.75]]), np.array([3e12, -7e12])
NETWORK = Network(
    {"x": ArraySpec((2, 2), "input"), "far": ArraySpec((2,)), "p": ArraySpec((2, 2))},
    (
        Node("a", "tanh", ("x",)),
        Node("b", "multiply", ("a", "p")),
        Node("c", "square", ("far",)),
        Node("flat", "flatten", ("b",)),
        Node("y", "concat", ("flat", "c"), {"dim": 0}),
    ),
    "y",
)


def posed(rules=RULES):
    return pose(NETWORK, {"x": X, "far": FAR, "p": X + 3}, np.arange(1.0, 7.0), rules=rules)


def test_only_what_an_array_reaches_is_run_and_weighed():
    runs = []
    counted = {
        **RULES,
        "square": Rule(lambda x: runs.append(1) or RULES["square"].forward(x), RULES["square"].backward),
    }
    problem = posed(counted)
    values = forward(NETWORK, problem.arrays, counted).values
    runs.clear()
    part = moving_part(problem, "x", values, problem.dy)
    assert np.array_equal(part.function({"x": X}), (np.tanh(X) * (X + 3)).ravel())
    assert np.array_equal(part.dy, [1, 2, 3, 4])
    assert not runs
    assert np.array_equal(moving_part(problem, "far", values, problem.dy).function({"far": FAR}), FAR**2)


def test_huge_numbers_of_another_branch_blur_no_slope():
    problem = posed()
    slope = ask_differences(problem)[gradient("x")]
    want = ((1 - np.tanh(X) ** 2) * (X + 3) * np.arange(1.0, 5.0).reshape(2, 2) * slope.v).sum()
    assert slope.estimate.value == pytest.approx(want, rel=1e-9)
    assert slope.estimate.error < 1e-6 * abs(want)
