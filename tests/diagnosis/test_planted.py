"""A wrong gradient is caught and its rule named, for every gradient of every rule."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, settings

from backcheck import check
from backcheck.campaign.power.wrong_rules import overwriting
from backcheck.diagnosis.locate import REVERSE_PASS, diagnose
from backcheck.keys import gradient
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import CATALOGUE, signature_of
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.truth.node import argument_names
from backcheck_reports import Verdict
from scratch_bp import network as engine
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import one_node, scaled, with_backward

ORACLES = ("exact",)


# What is wrong costs two runs of the forward on exact numbers for every entry, so the time grows with the square of the
# size. In the first case drawn for lstm, with 500 entries, all its gradients took more than half a minute.
MOST_ENTRIES = 64


def first_case(rule, argument=None):
    """A small case whose network is this rule alone, with all of its arrays and no kink or zero gradient.

    With `argument` only the gradient of that argument is looked at. The search checks right rules, which is quick.
    """

    def telling(case):
        nodes = case.network.nodes
        # maximum(x, x) is tied everywhere, and at a tie other slopes are right too
        if [node.rule for node in nodes] != [rule] or len(set(nodes[0].reads)) < len(nodes[0].reads):
            return False
        if len(nodes[0].reads) < max(len(signature_of(rule).arrays), (argument or 0) + 1):
            return False
        if sum(math.prod(spec.shape) for spec in case.network.arrays.values()) > MOST_ENTRIES:
            return False
        checked = check_case(case, RULES, ORACLES)
        wanted = checked.problem.wanted if argument is None else nodes[0].reads[argument : argument + 1]
        return all(checked.measures[gradient(name), "exact"].verdict is Verdict.AGREE for name in wanted)

    quiet = settings(max_examples=3000, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    return find(cases([rule], ("float64",), ("normal",), max_nodes=1), telling, settings=quiet)


def drawn_rules():
    return [name for name in RULES if not CATALOGUE[name].bounded]


@pytest.mark.parametrize("rule", drawn_rules())
def test_a_factor_of_one_and_a_millionth_is_caught_in_every_gradient_of_every_rule(rule):
    several = signature_of(rule).several  # a running statistic reaches its own output only: each has a case to itself
    case = first_case(rule, 0 if several else None)
    names = argument_names(RULES[rule], len(case.network.nodes[0].reads))
    still = {name for name in case.network.arrays if not case.network.moves(name)}
    for position, (name, read) in enumerate(zip(names, case.network.nodes[0].reads, strict=True)):
        if read in still:
            continue
        case = first_case(rule, position) if several else case
        table = with_backward(rule, scaled(position, 1 + 2.0**-20))
        finding = diagnose(check_case(case, table, ORACLES))
        assert finding is not None, f"{rule}.{name} passed"
        assert (finding.rule, finding.argument) == (rule, name)


@pytest.mark.parametrize(
    "change",
    [
        lambda grads: (0 * grads[0], *grads[1:]),
        lambda grads: (-grads[0], *grads[1:]),
        lambda grads: (grads[0][::-1], *grads[1:]),
        lambda grads: (grads[0], grads[1], grads[2] * 0.5),
    ],
    ids=["zero", "sign", "reversed", "averaged"],
)
def test_wrong_dense_backwards_are_named_dense(change):
    finding = diagnose(check_case(_dense_case(), with_backward("dense", change), ORACLES))
    assert finding is not None
    assert finding.rule == "dense"


def _dense_case():
    rng = np.random.default_rng(3)
    arrays = {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}
    network = Network({n: ArraySpec(a.shape) for n, a in arrays.items()}, (Node("y", "dense", ("x", "w", "b")),), "y")
    return Case.of(network, arrays, rng.normal(size=(4, 2)))


def test_a_fan_out_that_overwrites_is_the_reverse_passes_fault(monkeypatch):
    monkeypatch.setattr(engine, "reverse", overwriting)
    finding = diagnose(check_case(_fan_out(), RULES, ORACLES))
    assert finding is not None
    assert finding.rule == REVERSE_PASS
    assert finding.argument == "x"


def _fan_out():
    nodes = (Node("a", "tanh", ("x",)), Node("b", "sigmoid", ("x",)), Node("c", "multiply", ("a", "b")))
    network = Network({"x": ArraySpec((2, 2))}, nodes, "c")
    return Case.of(network, {"x": np.array([[0.5, -1.0], [2.0, 0.25]])}, np.ones((2, 2)))


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_a_backward_in_low_precision_is_caught_in_float64(kind):
    own = RULES["dense"]

    def low(saved, dy):
        return tuple(g.astype(kind).astype(g.dtype) for g in own.backward(saved, dy))

    table = {**RULES, "dense": Rule(own.forward, low)}
    checked = check_case(_dense_case(), table, ("torch", "differences", "exact"))
    assert checked.measures[gradient("x"), "numpy"].verdict is Verdict.DISAGREE
    assert checked.measures[gradient("x"), "torch"].verdict is Verdict.AGREE
    assert checked.measures[gradient("x"), "exact"].verdict is Verdict.UNAVAILABLE
    finding = diagnose(checked)
    assert finding.rule == "dense"


def test_float_constants_in_a_right_rule_are_no_bug():
    """3 * 0.044715 is a rounded float64, so exact arithmetic agrees to sixteen digits only, and says so."""
    c = 0.044715
    rule = Rule(lambda x: (x + c * x * x * x, x), lambda x, dy: (dy * (1 + 3 * c * x * x),))
    x = np.array([0.5, -1.25, 2.0])
    checked = check(
        one_node("tanh", {"x": x}), {"x": x}, rules={**RULES, "tanh": rule}, oracles=("differences", "exact")
    )
    assert not checked.disagreements
    exact = checked.measures[gradient("x"), "exact"]
    assert exact.verdict is Verdict.AGREE
    assert "float64" in exact.reason
    assert 1e-20 < exact.relative < exact.resolution < 1e-12


def test_where_a_cubic_is_flat_the_step_s_own_error_is_no_fault():
    """x^3 at 0: differences give h^2 instead of 0, for any step h."""
    right = Rule(lambda x: (x * x * x, x), lambda x, dy: (3 * x * x * dy,))
    wrong = Rule(right.forward, lambda x, dy: (3 * x * x * dy + 1e-9 * dy,))
    x = np.array([0.0])
    for rule, verdict in ((right, Verdict.VACUOUS), (wrong, Verdict.DISAGREE)):
        checked = check(one_node("tanh", {"x": x}), {"x": x}, rules={**RULES, "tanh": rule}, oracles=("exact",))
        assert checked.measures[gradient("x"), "exact"].verdict is verdict


BESIDE = {
    # rule: entries of which some are at a kink, and the cotangent
    "relu6": ([0, 0.25, -0.25, 2, 0, 0, 2, -2], [1, -2, -3, 3, -2, -3, -2, -1]),
    "abs": ([0, 0.5, 0, -2], [1, 2, -3, 1]),
    "relu": ([[0, 1], [0, -1]], [[2, 1], [-1, 3]]),
    "hardtanh": ([-1, 1, 0.5], [3, -2, 1]),
}


@pytest.mark.parametrize("rule", BESIDE)
@pytest.mark.parametrize("factor", [2.0, 0.0, 1 + 2.0**-20])
def test_what_is_wrong_beside_a_kink_does_not_pass_as_a_convention(rule, factor):
    x, dy = (np.array(each, dtype=float) for each in BESIDE[rule])
    network = one_node(rule, {"x": x})
    right = check(network, {"x": x}, dy, oracles=ORACLES)
    by_x = gradient("x")
    assert right.measures[by_x, "numpy"].verdict is right.measures[by_x, "exact"].verdict is Verdict.KINK
    wrong = check(network, {"x": x}, dy, rules=with_backward(rule, scaled(0, factor)), oracles=ORACLES)
    assert {(by_x, "numpy"), (by_x, "exact")} <= set(wrong.disagreements)


def test_an_error_beside_a_huge_entry_is_the_subjects():
    """The last write wins. Beside an entry of 1e30 the lost gradient once passed as the rounding of a constant."""
    own = RULES["gather"]

    def last_wins(saved, dy):
        grad, none = own.backward(saved, 0 * dy)
        flat = grad.reshape(-1).copy()
        for place, value in zip(saved.places.ravel(), dy.ravel(), strict=True):
            flat[place] = value
        return flat.reshape(grad.shape), none

    arrays = {"x": np.array([[0.0, 0.0, -1e30]]), "index": np.array([[1, 2, 1]])}
    network = one_node("gather", arrays, dim=1)
    rules = {**RULES, "gather": Rule(own.forward, last_wins)}
    wrong = check(network, arrays, np.array([[1.0, 1.0, 1.0]]), rules=rules, oracles=("torch", "exact"))
    assert {party for _, party in wrong.disagreements} == {"numpy", "exact"}


@pytest.mark.parametrize("gap", [100.0, 200.0, 600.0])
def test_a_gradient_far_smaller_than_its_neighbours_is_judged_as_well(gap):
    """The gradient of the query is exp(-gap), which the first precision cannot tell from zero."""
    arrays = {
        "q": np.array([[1.0]]),
        "k": np.array([[gap], [0.0]]),
        "v": np.array([[0.25], [1.5]]),
    }
    network = one_node("scaled_dot_product_attention", arrays)
    right = check(network, arrays, oracles=ORACLES)
    assert right.measures[gradient("q"), "exact"].verdict is Verdict.AGREE
    rules = with_backward("scaled_dot_product_attention", scaled(0, 1 + 2.0**-20))
    wrong = check(network, arrays, rules=rules, oracles=ORACLES)
    assert wrong.measures[gradient("q"), "exact"].verdict is Verdict.DISAGREE


def test_what_cancels_to_less_than_any_float_is_zero():
    arrays = {"q": np.array([[1.0]]), "k": np.array([[1e30], [0.0]]), "v": np.array([[0.25], [1.5]])}
    checked = check(one_node("scaled_dot_product_attention", arrays), arrays, oracles=ORACLES)
    assert checked.measures[gradient("q"), "exact"].verdict is Verdict.VACUOUS
    assert checked.measures[gradient("v"), "exact"].verdict is Verdict.AGREE


def test_a_wrong_node_beside_one_that_raises_on_exact_numbers_ends_no_run():
    def raises(saved, dy):
        if dy.dtype == object:
            raise IndexError("no floats here")
        return RULES["sigmoid"].backward(saved, dy)

    rules = {**with_backward("tanh", scaled(0, 2.0)), "sigmoid": Rule(RULES["sigmoid"].forward, raises)}
    checked = check_case(_fan_out(), rules, ("torch", "exact"))
    assert checked.measures[gradient("x"), "exact"].verdict is Verdict.UNAVAILABLE
    assert checked.measures[gradient("x"), "numpy"].verdict is Verdict.DISAGREE


def test_what_cancels_to_zero_behind_a_wrong_rule_is_held_against_nobody():
    """PyTorch's layer norm of rows of one is x / s - mean / s, which is not quite 0."""
    x = np.array([[1.1], [2.3], [0.7]], dtype=np.float32)
    arrays = {"x": x, "gamma": np.ones(1, np.float32), "beta": np.ones(1, np.float32)}
    network, rules = one_node("layer_norm", arrays), with_backward("layer_norm", scaled(2, 2.0))
    dy = np.array([[1.0], [-0.25], [0.5]], dtype=np.float32)
    checked = check(network, arrays, dy, rules=rules, oracles=("torch", "exact"))
    assert {party for _, party in checked.disagreements} == {"numpy", "exact"}
