"""Where rounding drowns a whole network, its nodes are judged one by one, at the values they really had."""

import numpy as np

from backcheck import check
from backcheck.keys import gradient
from backcheck_reports import Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule

ORACLES = ("exact",)


def deep(depth=12):
    """Layer norms of rows that are nearly constant: every one multiplies the rounding by a thousand."""
    nodes, last = [], "x"
    for number in range(depth):
        nodes.append(Node(f"h{number}", "layer_norm", (last, "gamma", "beta")))
        nodes.append(Node(f"s{number}", "multiply", (f"h{number}", "small")))
        last = f"s{number}"
    arrays = {"x": ArraySpec((2, 2)), "gamma": ArraySpec((2,)), "beta": ArraySpec((2,)), "small": ArraySpec((2,))}
    return Network(arrays, tuple(nodes), last)


def arrays():
    rng = np.random.default_rng(4)
    return {
        "x": rng.normal(size=(2, 2)).astype(np.float32),
        "gamma": np.array([1.0, 1.25], np.float32),
        "beta": np.array([0.0, 0.5], np.float32),
        "small": np.array([1e-3, 2e-3], np.float32),
    }


def test_every_node_of_an_ill_conditioned_network_is_judged_by_itself():
    checked = check(deep(), arrays(), oracles=ORACLES)
    assert checked.measures[gradient("x"), "numpy"].verdict is Verdict.ILL_CONDITIONED
    local = {str(key): m.verdict for (key, party), m in checked.measures.items() if party == "numpy" and key.node}
    assert len(local) > 24
    assert Verdict.AGREE in local.values()
    assert Verdict.DISAGREE not in local.values()


def test_a_node_in_low_precision_is_found_where_the_whole_network_cannot_show_it():
    own = RULES["multiply"]

    def low(saved, dy):
        return tuple(g.astype(np.float16).astype(g.dtype) if g.dtype != object else g for g in own.backward(saved, dy))

    checked = check(deep(), arrays(), rules={**RULES, "multiply": Rule(own.forward, low)}, oracles=ORACLES)
    wrong = {str(key) for key, party in checked.disagreements if party == "numpy" and key.node}
    assert wrong
    assert all(name.startswith("s") for name in wrong)


def test_a_well_conditioned_network_is_not_taken_apart():
    network = Network({"x": ArraySpec((2,))}, (Node("a", "tanh", ("x",)), Node("b", "sigmoid", ("a",))), "b")
    checked = check(network, {"x": np.array([0.5, -1.0])}, oracles=ORACLES)
    assert not any(key.node for key, _ in checked.measures)
