"""Hessian-vector products: right ones agree, planted wrong ones are caught, and kinks are called kinks."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings

from backcheck.campaign.recipe import Recipe
from backcheck.commands.cli import commands
from backcheck.diagnosis.locate import diagnose
from backcheck.errors import BadInput
from backcheck.keys import product
from backcheck.problem import pose
from backcheck.strategies.case import draw_as_text
from backcheck.strategies.case_strategies import cases
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.check import check
from backcheck.verdicts.records import records
from backcheck.verdicts.second_order import products
from backcheck.verdicts.second_order.products import hessian_measures
from backcheck_reference.numbers import balls, duals, exact
from backcheck_reports import Verdict
from scratch_bp.elementary import logistic
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import one_node, scaled, with_backward

X = np.array([[0.3, -0.7], [1.1, -1.9]])


def chain(*rules, shape=(2, 2)):
    reads = ["x", *(f"h{i}" for i in range(len(rules)))]
    nodes = tuple(Node(reads[i + 1], rule, (reads[i],)) for i, rule in enumerate(rules))
    return Network({"x": ArraySpec(shape)}, nodes, reads[-1])


def verdicts(network, x=X, rules=RULES, parties=("torch",)):
    found = hessian_measures(pose(network, {"x": x}, rules=rules), parties)
    return {party: m.verdict for (_, party), m in found.items()}


@settings(max_examples=60)
@given(case=cases())
def test_no_drawn_network_disagrees_at_second_order(case):
    checked = check_case(case, RULES, ("torch", "exact", "second"))
    assert not checked.disagreements, ([checked.measures[k] for k in checked.disagreements], draw_as_text(case.network))


@pytest.mark.parametrize("rule", ["tanh", "silu", "gelu", "softmax", "square", "softplus", "log_softmax"])
def test_smooth_rules_agree_with_both_frameworks(rule):
    agree = Verdict.AGREE
    assert verdicts(chain(rule), parties=("torch", "jax")) == {"exact": agree, "torch": agree, "jax": agree}


def test_a_linear_network_proves_nothing():
    assert set(verdicts(chain("identity", "sum")).values()) == {Verdict.VACUOUS}


def test_duals_give_the_second_derivative():
    with exact.bits(256):
        x = duals.lift(exact.lift(X), exact.lift(np.ones_like(X)))
        for name, slope in {"exp": np.exp(X), "tanh": 1 - np.tanh(X) ** 2, "sin": np.cos(X), "cos": -np.sin(X)}.items():
            got = duals.slopes_of("y", getattr(np, name)(x))
            assert exact.to_float(got) == pytest.approx(slope, rel=1e-14), name
        cubed = duals.slopes_of("y", x**3 / 2 - 1 / x)
        assert exact.to_float(cubed) == pytest.approx(1.5 * X**2 + X**-2, rel=1e-14)


def test_a_comparison_of_dual_balls_that_overlap_is_noticed():
    near = duals.lift(balls.half_ulp(np.ones(1), "float64"))
    with duals.watching() as watch:
        _ = near > 0
        assert not watch.undecided
        _ = near > 1
        assert watch.undecided


@pytest.mark.parametrize("party", ["torch", "jax"])
def test_a_framework_off_by_a_millionth_is_caught_and_named(monkeypatch, party):
    own = products.PARTIES[party]

    def off(*question):
        return {name: grad * (1 + 1e-6) for name, grad in own(*question).items()}

    monkeypatch.setitem(products.PARTIES, party, off)
    checked = check(chain("identity", "tanh"), {"x": X}, oracles=(party, "exact", "second"))
    assert checked.disagreements == ((product("x"), party),)
    finding = diagnose(checked)
    assert finding.bucket == (party, "tanh", "H.x")
    assert "Hessian-vector product" in finding.sentence
    row = next(r for r in records(checked, case="c", network=0, profile="p") if r.tensor == "H.x" and r.party == party)
    assert (row.rule, row.argument, row.shape) == ("identity", "H.x", (2, 2))


def test_a_backward_with_a_part_that_has_dropped_to_floats_is_not_judged():
    def forward(x):
        s = logistic(x)
        return x * s, (x, np.array([float(value) for value in s.flat]).reshape(s.shape))

    def backward(saved, dy):
        x, s = saved
        return (dy * (s + x * s * (1 - s)),)

    found = hessian_measures(
        pose(chain("silu"), {"x": X}, rules={**RULES, "silu": Rule(forward, backward)}), ("torch",)
    )
    assert {m.verdict for m in found.values()} == {Verdict.UNAVAILABLE}
    assert all("raises" in m.reason or "not the gradient" in m.reason for m in found.values())


def test_a_wrong_first_order_is_not_blamed_on_the_framework():
    found = verdicts(chain("tanh"), rules=with_backward("tanh", scaled(0, 1.001)))
    assert set(found.values()) == {Verdict.UNAVAILABLE}


@pytest.mark.parametrize(
    ("rule", "config"), [("relu", {}), ("abs", {}), ("huber", {"delta": 1.0}), ("softsign", {}), ("norm", {"dim": 1})]
)
def test_where_the_product_jumps_it_is_a_kink(rule, config):
    arrays = {"x": np.array([[0.0, 0.0], [0.5, 2.0]])}
    if rule == "huber":
        arrays = {"x": np.array([[1.0, 3.0]]), "target": np.array([[0.0, 0.0]])}
    found = hessian_measures(pose(one_node(rule, arrays, **config), arrays), ("torch",))
    assert found[product("x"), "torch"].verdict is Verdict.KINK
    assert found[product("x"), "exact"].verdict is Verdict.KINK


def test_at_zero_a_smooth_rule_written_with_branches_agrees():
    for rule in ("sigmoid", "silu", "softplus"):
        assert verdicts(chain(rule, "square"), np.array([[0.0, 0.5]] * 2))["torch"] is Verdict.AGREE, rule


@pytest.mark.parametrize("rule", ["sigmoid", "silu", "softplus", "softmax"])
def test_a_saturated_unit_is_no_false_alarm(rule):
    """Frameworks write y (1 - y) (1 - 2y), which is 0 where y rounds to 1; the truth is 2e-22."""
    x = np.array([[1.0, 50.0, -45.0, 25.0], [50.0, 45.0, 0.0, -60.0]])
    found = verdicts(chain(rule, shape=(2, 4)), x, parties=("torch", "jax"))
    assert Verdict.DISAGREE not in found.values()


def test_gates_that_move_by_more_than_their_arrays_are_no_false_alarm():
    """A shut gate's y (1 - y) is known to an ulp of 1, times what moves the gate: 48.2 times its array."""
    w_ih = np.zeros((8, 2))
    w_ih[[0, 0, 1, 4, 5], [0, 1, 1, 0, 1]] = 11.3, -33.2, 1.0, 48.2, 39.5
    arrays = {
        "x": np.array([[0.0, 0.0], [2.0, 0.0]]),
        "h": np.ones((2, 2)),
        "w_ih": w_ih,
        "w_hh": np.tile([0.0, 1.0], (8, 1)),
    }
    specs = {name: ArraySpec(array.shape) for name, array in arrays.items()}
    network = Network(specs, (Node("y", "lstm_cell", ("x", "h", "h", "w_ih", "w_hh")),), "y.1")
    found = hessian_measures(pose(network, arrays, np.ones((2, 2))), ("torch", "jax"))
    assert Verdict.DISAGREE not in {m.verdict for m in found.values()}
    assert found[product("w_ih"), "torch"].verdict is Verdict.AGREE


def test_the_command_line_verifies_at_second_order(tmp_path):
    ask = ["verify", "--networks", "2", "--oracles", "torch,exact", "--workers", "1", "--json", "--out", str(tmp_path)]
    done = CliRunner().invoke(commands, [*ask, "--order", "2"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["networks"] == 2
    assert '"H.' in "".join(path.read_text() for path in tmp_path.glob("records-*.jsonl"))


def test_an_order_beyond_the_second_is_refused():
    with pytest.raises(BadInput, match="--order must be 1 or 2, got 3"):
        Recipe(order=3)
