"""Numbers that a dtype does not hold: on the way of a framework, of the subject, or in the problem itself."""

import ml_dtypes
import numpy as np
import pytest

from backcheck import check
from backcheck.keys import OUTPUT, gradient
from backcheck.verdicts import framework_limits, parties
from backcheck_reports.record import Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import one_node


def network(arrays, *nodes):
    specs = {n: ArraySpec(a.shape, classes=2 if a.dtype.kind == "i" else None) for n, a in arrays.items()}
    return Network(specs, nodes, nodes[-1].name)


SMALL = {"x": np.full(3, 0.08, np.float16), "by": np.array([1.0, 0.001, 0.5], np.float16)}
NOTHING_THERE = np.array([0.25, 0.0, 0.5], np.float16)  # 0 times the slope, which overflows


def divide(oracles=("torch", "exact")):
    return check(one_node("divide", SMALL), SMALL, NOTHING_THERE, oracles=oracles)


def test_pytorchs_divide_gives_nan_for_0_times_a_slope_that_overflows():
    found = divide()
    assert np.isnan(found.answers["torch"].tensors[gradient("by")][1])
    assert found.measures[gradient("by"), "torch"].verdict is Verdict.UNAVAILABLE
    assert "overflows where dy makes it small" in found.measures[gradient("by"), "torch"].reason
    assert found.measures[gradient("by"), "numpy"].verdict is Verdict.AGREE


def test_where_no_limit_is_known_float64_tells_an_overflow_from_another_function(monkeypatch):
    monkeypatch.setattr(framework_limits, "limits_of", lambda *_: {})
    found = divide().measures[gradient("by"), "torch"]
    assert found.verdict is Verdict.UNAVAILABLE
    assert found.reason == "float16 does not hold a number on torch's way; asked in float64 it gives the truth"


def test_a_framework_that_gives_nan_in_float64_too_disagrees(monkeypatch):
    real = parties.FRAMEWORKS["torch"]

    def nan(*question):
        value, grads = real(*question)
        return value, {name: grad * np.asarray(np.nan, grad.dtype) for name, grad in grads.items()}

    monkeypatch.setitem(parties.FRAMEWORKS, "torch", nan)
    monkeypatch.setattr(framework_limits, "limits_of", lambda *_: {})
    assert divide().measures[gradient("by"), "torch"].verdict is Verdict.DISAGREE


def test_a_nan_of_a_framework_goes_through_a_mask_that_it_multiplies_by():
    """Where our dropout takes 0, PyTorch multiplies by the mask: 0 times the nan of its soft margin is nan."""
    arrays = {
        "x": np.array([[1.0, 2.0], [-3.0, 0.5]]),
        "mask": np.array([[1, 0], [1, 1]]),
        "w": np.array([[-1e4, 1.0], [2e4, 0.5]]),
        "target": np.array([[1, -1], [1, 1]]),
    }
    nodes = (
        Node("a", "dropout", ("x", "mask"), {"p": 0.5}),
        Node("b", "dense", ("a", "w")),
        Node("c", "soft_margin", ("b", "target")),
    )
    found = check(network(arrays, *nodes), arrays, oracles=("torch", "exact"))
    assert np.isnan(found.answers["torch"].tensors[gradient("x")][0, 1])
    assert found.measures[gradient("x"), "torch"].verdict is Verdict.UNAVAILABLE
    assert not found.disagreements


def test_an_overflow_of_a_framework_a_little_beside_is_not_another_function():
    """PyTorch squares x - target before it divides by the variance: beyond bfloat16, and its value inf."""
    bf16 = ml_dtypes.bfloat16
    x = np.array([[8.8991e18, -1.7078e19], [8.3227e18, 3.5e19]], bf16)
    arrays = {"x": x, "target": np.full((2, 2), 1e-14, bf16), "var": np.full((2, 2), 4e20, bf16)}
    made = one_node("gaussian_nll", arrays, reduction="sum")
    assert not check(made, arrays, np.asarray(-5e-24, bf16), oracles=("torch", "exact")).disagreements


ZERO_LENGTH = {
    "x": np.array([5.36e-07, 1.85e-06, 3.58e-07], np.float16),
    "w": np.array([8.72e-05, 0.0, -1.49e-06], np.float16),
    "v": np.array([-0.5625, -1.925e-05, 8.833e-05], np.float16),
    "target": np.array(-1),
}
CHAIN = (
    Node("a", "einsum", ("x", "w"), {"equation": "i,i->i"}),
    Node("b", "tanh", ("a",)),
    Node("c", "einsum", ("b", "w"), {"equation": "i,i->i"}),
    Node("d", "cosine_embedding", ("c", "v", "target")),
)


def test_a_nan_after_a_right_gradient_that_the_dtype_does_not_hold_is_out_of_range():
    """The products are 0 in float16, where the cosine has a kink and a slope of 1e6: infinity, rightly, times 0."""
    with np.errstate(all="ignore"):
        found = check(network(ZERO_LENGTH, *CHAIN), ZERO_LENGTH, np.asarray(-1.259, np.float16), oracles=("exact",))
    own = found.measures[gradient("w"), "numpy"]
    assert np.isnan(own.got)
    assert own.verdict is Verdict.OUT_OF_RANGE
    assert own.reason == "the gradient of d (cosine_embedding) by x1 is beyond float16 here"


@pytest.mark.parametrize("at", ["tanh", "cosine_embedding"])
def test_a_rule_that_makes_the_nan_itself_still_disagrees(at):
    own = RULES[at]

    def backward(saved, dy):
        return tuple(None if grad is None else grad / (grad - grad) * 0 for grad in own.backward(saved, dy))

    rules = {**RULES, at: Rule(own.forward, backward)}
    with np.errstate(all="ignore"):
        asked = {**ZERO_LENGTH, "x": np.full(3, 0.5, np.float16), "w": np.array([1, 2, -1], np.float16)}
        found = check(network(asked, *CHAIN), asked, np.asarray(-1.259, np.float16), rules=rules, oracles=("exact",))
    assert found.measures[gradient("x"), "numpy"].verdict is Verdict.DISAGREE


def test_a_value_that_half_an_ulp_moves_out_of_the_range_is_nobodys_fault():
    """exp(u) (u - x) with u = x = 1e30 is 0. Beside it is a number that no dtype holds; floats say infinity times 0."""
    arrays = {"x": np.array([0.5, 1e30]), "target": np.array([0.5, 1e30])}
    with np.errstate(all="ignore"):
        found = check(one_node("kl_div", arrays, log_target=True), arrays, oracles=("exact",))
    assert np.isnan(found.answers["numpy"].tensors[OUTPUT])
    assert not found.disagreements
    assert found.measures[OUTPUT, "numpy"].verdict is not Verdict.AGREE
