"""A failure as data for drawings, and the curve of a central difference by its step."""

import itertools

import numpy as np
import pytest

from backcheck.diagnosis.figure import MOST_SQUARES, graph, heat, shows
from backcheck.diagnosis.locate import diagnose
from backcheck.gallery import step_curve
from backcheck.keys import gradient
from backcheck.verdicts.check import check
from backcheck.verdicts.records import records
from scratch_bp.network import ArraySpec, Network, Node
from tests.verdicts.helpers import one_node, scaled, with_backward


def wrong(shape: tuple[int, ...]):
    """tanh with a gradient 2 times too large, at an array of this shape."""
    x = np.linspace(-1.0, 1.0, int(np.prod(shape))).reshape(shape)
    rules = with_backward("tanh", scaled(0, 2))
    checked = check(one_node("tanh", {"x": x}), {"x": x}, np.ones(shape), rules=rules, oracles=("exact", "torch"))
    return checked, diagnose(checked)


@pytest.mark.parametrize(
    ("shape", "rows", "columns", "block"),
    [
        ((), 1, 1, [1, 1]),
        ((5,), 1, 5, [1, 1]),
        ((70,), 3, MOST_SQUARES, [1, 1]),
        ((70, 1), 3, MOST_SQUARES, [1, 1]),
        ((3, 4), 3, 4, [1, 1]),
        ((2, 3, 4), 6, 4, [1, 1]),
        ((40, 33), 20, 17, [2, 2]),
    ],
)
def test_a_tensor_of_any_shape_is_a_grid_of_bounded_size(shape, rows, columns, block):
    found = heat(*wrong(shape))
    assert (len(found["values"]), len(found["values"][0]), found["block"]) == (rows, columns, block)
    assert shows(found)


def test_a_block_is_its_worst_entry_and_no_entry_is_nothing():
    checked, finding = wrong((70,))
    assert heat(checked, finding)["values"][2][70 - 2 * MOST_SQUARES :] == [None] * (3 * MOST_SQUARES - 70)
    worst = max(value or 0.0 for row in heat(checked, finding)["values"] for value in row)
    assert worst == checked.measures[gradient("x"), "numpy"].fraction


def test_where_the_truth_is_not_known_a_framework_stands_in():
    assert heat(*wrong((3, 4)))["beside"] == ""
    large = heat(*wrong((40, 33)))
    assert large["beside"] == "torch"
    assert max(value for row in large["values"] for value in row) > 1e12, "it is off by all of itself"


def test_a_network_is_data_with_the_node_at_fault():
    network = Network(
        {"x": ArraySpec((2, 4))},
        (Node("h1", "split", ("x",), {"split_size": 2, "dim": 1}), Node("h2", "add", ("h1.0", "h1.1"))),
        "h2",
    )
    found = graph(network, "h1")
    assert found["broken"] == "h1"
    assert [(node["name"], node["reads"], node["shape"]) for node in found["nodes"]] == [
        ("h1", ["x"], [2, 2]),
        ("h2", ["h1.0", "h1.1"], [2, 2]),
    ]


def test_records_say_how_deep_wide_and_large():
    arrays = {"x": np.ones((2, 3)), "w": np.full((3, 7), 0.5)}
    checked = check(one_node("dense", arrays), arrays, np.ones((2, 7)), oracles=("exact",))
    (found,) = (r for r in records(checked, case="c", network=0, profile="") if (r.tensor, r.party) == ("x", "numpy"))
    assert (found.depth, found.width, found.magnitude) == (1, 7, 3.5)


def test_a_difference_is_wrong_in_two_ways_and_exact_arithmetic_in_one():
    rows = step_curve.measured()["rows"]
    exact = [row["exact"] for row in rows]
    assert all(9 < early / late < 11 for early, late in itertools.pairwise(exact[2:])), "it falls with h^2"
    for dtype, best in (("float64", 1e-9), ("float32", 1e-2)):
        errors = [row[dtype] for row in rows]
        assert min(errors) < best
        assert 0 < errors.index(min(errors)) < len(errors) - 1, "the best step is at neither end"
