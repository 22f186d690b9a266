"""One test for each verdict: what leads to it, and that nothing else does."""

import numpy as np
import pytest

from backcheck import check
from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, gradient
from backcheck_reference.numbers import exact
from backcheck_reports import Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import one_node, scaled, with_backward

X = np.array([[0.5, -1.25, 2.0], [1.0, 0.75, -3.0]])
ORACLES = ("torch", "differences", "exact")


def verdicts(checked, tensor="x"):
    return {party: measure.verdict for (key, party), measure in checked.measures.items() if str(key) == tensor}


def test_everybody_agrees_on_tanh():
    checked = check(one_node("tanh", {"x": X}), {"x": X})
    found = verdicts(checked)
    assert found == dict.fromkeys(("numpy", "torch", "jax", "differences", "exact"), Verdict.AGREE)
    assert checked.measures[gradient("x"), "numpy"].resolution < 1e-13
    assert checked.measures[gradient("x"), "exact"].relative < 2.0 ** -exact.LADDER[0][1]
    assert not checked.disagreements


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_relu_at_zero_is_a_kink_for_every_convention(slope):
    x = np.array([0.0, 1.0, -1.0])
    rule = Rule(RULES["relu"].forward, lambda x, dy: (np.where(x > 0, dy, np.where(x == 0, slope * dy, 0 * dy)),))
    found = verdicts(check(one_node("relu", {"x": x}), {"x": x}, rules={**RULES, "relu": rule}, oracles=ORACLES))
    assert set(found.values()) == {Verdict.KINK}


def test_an_invented_slope_at_the_kink_disagrees():
    x = np.array([0.0, 1.0, -1.0])
    rule = Rule(RULES["relu"].forward, lambda x, dy: (np.where(x > 0, dy, np.where(x == 0, -7 * dy, 0 * dy)),))
    found = verdicts(check(one_node("relu", {"x": x}), {"x": x}, rules={**RULES, "relu": rule}, oracles=ORACLES))
    assert found["exact"] is Verdict.DISAGREE
    assert found["numpy"] is Verdict.DISAGREE
    assert found["torch"] is Verdict.KINK


def test_kinks_that_cancel_are_kinks_and_no_bug():
    """relu(x) - relu(-x) is x, smooth, and yet every framework's gradient at 0 is its conventions' sum."""
    network = Network(
        {"x": ArraySpec((2,)), "minus": ArraySpec((2,))},
        (
            Node("a", "relu", ("x",)),
            Node("b", "multiply", ("x", "minus")),
            Node("c", "relu", ("b",)),
            Node("d", "multiply", ("c", "minus")),
            Node("e", "add", ("a", "d")),
        ),
        "e",
    )
    arrays = {"x": np.array([0.0, 1.0]), "minus": np.array([-1.0, -1.0])}
    checked = check(network, arrays, oracles=ORACLES)
    assert not checked.disagreements
    assert verdicts(checked)["numpy"] is Verdict.KINK


def test_a_gradient_that_rounding_decides_is_ill_conditioned():
    """The rows differ in the last place only, and layer norm blows that up."""
    x = np.array([[1.0, np.nextafter(1, 2), 1.0]], dtype=np.float64) * 1e8
    arrays = {"x": x, "gamma": np.ones(3), "beta": np.zeros(3)}
    found = verdicts(check(one_node("layer_norm", arrays, eps=1e-30), arrays, oracles=ORACLES))
    assert found["numpy"] is Verdict.ILL_CONDITIONED
    assert found["exact"] is Verdict.AGREE


def test_overflow_on_the_way_is_out_of_range():
    x = np.array([1e25, 2.0], dtype=np.float32)
    network = Network(
        {"x": ArraySpec((2,))},
        (Node("a", "multiply", ("x", "x")), Node("b", "tanh", ("a",)), Node("c", "multiply", ("b", "a"))),
        "c",
    )
    with np.errstate(all="ignore"):
        found = verdicts(check(network, {"x": x}, oracles=ORACLES))
    assert found["numpy"] is Verdict.OUT_OF_RANGE
    assert found["exact"] is Verdict.AGREE


def test_a_gradient_of_zeros_is_vacuous_and_a_wrong_one_there_is_not():
    x = np.array([-1.0, -2.0])
    found = verdicts(check(one_node("relu", {"x": x}), {"x": x}, oracles=ORACLES))
    assert set(found.values()) == {Verdict.VACUOUS}
    wrong = {**RULES, "relu": Rule(RULES["relu"].forward, lambda x, dy: (dy * 1e-12,))}
    assert (
        verdicts(check(one_node("relu", {"x": x}), {"x": x}, rules=wrong, oracles=ORACLES))["numpy"] is Verdict.DISAGREE
    )


def test_an_array_that_nobody_reads_has_a_gradient_of_zeros():
    network = Network({"x": ArraySpec((2,)), "w": ArraySpec((3,))}, (Node("y", "tanh", ("x",)),), "y")
    checked = check(network, {"x": np.ones(2), "w": np.ones(3)}, oracles=ORACLES)
    assert verdicts(checked, "w")["numpy"] is Verdict.VACUOUS


@pytest.mark.parametrize("name", ["torch", "jax", "flint"])
def test_a_missing_library_is_unavailable_with_the_line_that_helps(name, monkeypatch):
    from backcheck_reference import lazy
    from backcheck_reference.frameworks import jax_oracle, jax_pieces

    monkeypatch.setattr(lazy, "_import", lambda wanted: _no(wanted, name))
    for module in (lazy.torch, lazy.F, lazy.jax, lazy.jnp, lazy.flint):
        monkeypatch.setattr(module, "_module", None)
        for looked_up in [each for each in vars(module) if not each.startswith("_")]:
            monkeypatch.delattr(module, looked_up)
    jax_oracle.prepare.cache_clear()
    jax_pieces.cached_piece.cache_clear()
    checked = check(one_node("tanh", {"x": X}), {"x": X})
    party = {"flint": "exact"}.get(name, name)
    measure = checked.measures[gradient("x"), party]
    assert measure.verdict is Verdict.UNAVAILABLE
    assert f'pip install "backcheck[{party}]"' in measure.reason
    assert not checked.disagreements
    if name == "flint":
        assert checked.measures[gradient("x"), "numpy"].verdict is Verdict.AGREE
        assert "finite differences" in checked.measures[gradient("x"), "numpy"].reason


def _no(wanted, name):
    import importlib

    if wanted.partition(".")[0] == name:
        raise ModuleNotFoundError(f"No module named {name!r}")
    return importlib.import_module(wanted)


def test_without_exact_arithmetic_differences_still_catch_a_wrong_rule():
    wrong = with_backward("tanh", scaled(0, 1.001))
    checked = check(one_node("tanh", {"x": X}), {"x": X}, rules=wrong, oracles=("differences",))
    assert checked.measures[gradient("x"), "numpy"].verdict is Verdict.DISAGREE
    right = check(one_node("tanh", {"x": X}), {"x": X}, oracles=("differences",))
    assert right.measures[gradient("x"), "numpy"].verdict is Verdict.AGREE


def test_another_function_is_the_subjects_fault_when_the_frameworks_agree():
    cube = Rule(lambda x: (x * x * x, x), lambda x, dy: (3 * x * x * dy,))
    checked = check(one_node("tanh", {"x": X}), {"x": X}, rules={**RULES, "tanh": cube})
    assert checked.measures[OUTPUT, "numpy"].verdict is Verdict.DISAGREE
    assert checked.measures[gradient("x"), "exact"].verdict is Verdict.AGREE
    assert checked.measures[gradient("x"), "torch"].verdict is Verdict.UNAVAILABLE


def test_an_exception_a_wrong_shape_and_a_wrong_dtype_are_wrong_answers():
    def answer(backward):
        rules = {**RULES, "tanh": Rule(RULES["tanh"].forward, backward)}
        found = check(one_node("tanh", {"x": X}), {"x": X}, rules=rules, oracles=("torch", "differences"))
        return found.measures[gradient("x"), "numpy"]

    def broken(saved, dy):
        raise ZeroDivisionError("nobody divides by zero")

    assert "ZeroDivisionError" in answer(broken).reason
    assert "shape" in answer(lambda y, dy: (dy[0],)).reason
    assert "float32" in answer(lambda y, dy: ((dy * (1 - y * y)).astype(np.float32),)).reason


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "no array 'x'"),
        ({"x": X[0]}, "has shape"),
        ({"x": X.astype(int)}, "share one dtype"),
        ({"x": np.where(X > 1, np.nan, X)}, r"has nan at \[0, 2\]"),
        ({"x": np.where(X > 1, np.inf, X)}, "has inf"),
    ],
)
def test_bad_input_is_refused_in_words(arrays, message):
    with pytest.raises(BadInput, match=message):
        check(one_node("tanh", {"x": X}), arrays)


def test_a_cotangent_of_another_shape_is_refused():
    with pytest.raises(BadInput, match="cotangent has shape"):
        check(one_node("tanh", {"x": X}), {"x": X}, np.ones(3))
