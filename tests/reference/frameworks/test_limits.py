"""A known limit of an oracle that no longer shows must go: each is tried at its own example."""

import numpy as np
import pytest
from scipy import special

from backcheck import check
from backcheck.campaign.last_words import last_words
from backcheck.keys import OUTPUT, gradient
from backcheck.strategies.arrays import ArrayRecipe, explicit, make
from backcheck.verdicts.framework_limits import within_limits
from backcheck_reference.frameworks.limits import LIMITS
from backcheck_reference.lazy import flint, jax, jnp, torch
from backcheck_reports import Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import one_node


def arrays_of(limit):
    if limit.arrays:
        kinds = [np.asarray(array).dtype.kind for array in limit.arrays]
        recipes = [explicit(a, classes=2 if k == "i" else None) for a, k in zip(limit.arrays, kinds, strict=True)]
        return {f"x{i}": make(recipe, limit.dtype) for i, recipe in enumerate(recipes)}
    x = make(ArrayRecipe((16,), values=(limit.example,) * 16), limit.dtype)
    classes = [2 if isinstance(value, int) else None for value in limit.beside]  # a whole number is a class or a sign
    recipes = [ArrayRecipe((16,), values=(v,) * 16, classes=c) for v, c in zip(limit.beside, classes, strict=True)]
    beside = [make(recipe, limit.dtype) for recipe in recipes]
    return dict(zip(("x", "other"), (x, *beside), strict=False))


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.party}-{limit.rule}-{limit.dtype}")
def test_the_limit_still_shows(limit):
    arrays = arrays_of(limit)
    network = one_node(limit.rule, arrays, **limit.config, **limit.asked)
    dy = None if limit.cotangent is None else make(ArrayRecipe((16,), values=(limit.cotangent,) * 16), limit.dtype)
    checked = check(network, arrays, dy, oracles=(limit.party, "exact"))
    limited = [m for (_, party), m in checked.measures.items() if party == limit.party and limit.reason in m.reason]
    assert limited, f"{limit.party} now meets the tolerance on {limit.rule}: remove the limit"
    assert {m.verdict for m in limited} == {Verdict.UNAVAILABLE}
    assert not checked.disagreements


def test_a_limit_never_excuses_the_subject():
    assert "numpy" not in {limit.party for limit in LIMITS}


def test_beyond_its_limit_a_framework_disagrees(monkeypatch):
    """The excuse covers what the limit says and no more."""
    from backcheck.verdicts import parties

    real = parties.FRAMEWORKS["torch"]

    def off(*question):
        value, grads = real(*question)
        return value, {name: grad + np.float32(1e-5) for name, grad in grads.items()}

    monkeypatch.setitem(parties.FRAMEWORKS, "torch", off)
    x = np.full(16, 1e4, dtype=np.float32)
    checked = check(one_node("softsign", {"x": x}), {"x": x}, oracles=("torch", "exact"))
    assert (gradient("x"), "torch") in checked.disagreements
    hulls, reason = within_limits(checked.problem, "torch")
    assert hulls
    assert "cancels" in reason


def test_xla_takes_a_subnormal_for_zero_where_a_slope_is_infinite():
    x = np.array([1e-40], dtype=np.float32)
    asked = check(one_node("sqrt", {"x": x}), {"x": x}, np.zeros(1, np.float32), oracles=("jax", "exact"))
    assert np.isnan(asked.answers["jax"].tensors[gradient("x")]).all(), "XLA keeps subnormals now: FLUSHES can go"
    assert asked.measures[gradient("x"), "jax"].verdict is Verdict.UNAVAILABLE
    assert "subnormal" in asked.measures[gradient("x"), "jax"].reason
    assert not asked.disagreements


def test_another_formula_may_pass_through_smaller_numbers():
    """JAX has dy w, which underflows, before it divides by the deviation. The rule here has w / deviation first."""

    def forward(x, mean, var, weight, *, eps=1e-5):
        inv_std = 1 / np.sqrt(var + eps)
        xhat = (x - mean) * inv_std
        return xhat * weight, (xhat, inv_std, weight)

    def backward(saved, dy):
        xhat, inv_std, weight = saved
        factor = weight * inv_std
        dmean, dvar = -dy.sum(0) * factor, -(dy * xhat).sum(0) * factor * inv_std / 2
        return dy * factor, dmean, dvar, (dy * xhat).sum(0)

    rules = {**RULES, "batch_norm_eval": Rule(forward, backward)}
    dy = np.array([[0.5, 0.5, 0.5, -0.8, -0.8]] * 10, np.float32).reshape(50, 1)
    small = np.full(1, 2.1e-38, np.float32)
    arrays = {"x": np.zeros((50, 1), np.float32), "mean": np.zeros(1, np.float32), "var": small, "weight": -small}
    asked = check(one_node("batch_norm_eval", arrays), arrays, dy, rules=rules, oracles=("jax", "exact"))
    assert asked.measures[gradient("mean"), "jax"].verdict is Verdict.UNAVAILABLE
    assert "smallest numbers" in asked.measures[gradient("mean"), "jax"].reason
    assert not asked.disagreements


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_what_is_lost_to_small_numbers_excuses_nothing_of_a_usual_size(dtype, monkeypatch):
    from backcheck.verdicts import parties

    real = parties.FRAMEWORKS["torch"]

    def off(*question):
        value, grads = real(*question)
        return value, {name: (grad * 1.03).astype(grad.dtype) for name, grad in grads.items()}

    monkeypatch.setitem(parties.FRAMEWORKS, "torch", off)
    x = np.linspace(-1, 1, 8).astype(dtype)
    checked = check(one_node("tanh", {"x": x}), {"x": x}, oracles=("torch", "exact"))
    assert (gradient("x"), "torch") in checked.disagreements


def test_how_far_xlas_tanh_is_off_near_minus_one():
    """What JAX's limits of gelu are made from."""
    x = -np.random.default_rng(0).uniform(2, 20, 4000)
    with jax.enable_x64(True):
        got = np.asarray(jax.jit(jnp.tanh)(x))
    want = [float(1 + flint.arb(number).tanh()) for number in x.tolist()]
    off = abs((1 + got) - want).max() * 2.0**53
    assert 4 < off < 8


def test_how_far_pytorchs_gelu_of_float32_is_off_near_3():
    """What PyTorch's limit of gelu in float32 is made from. Chained, the first one's error is all that is seen."""
    x = np.linspace(-4, 4, 20_000).astype(np.float32)
    got = torch.nn.functional.gelu(torch.tensor(x)).double().numpy()
    wide = x.astype(np.float64)
    want = wide * special.ndtr(wide)
    assert 5 < (abs(got - want) / abs(wide)).max() * 2.0**24 < 7

    once = {"x": np.full((2, 9), -2.9673, np.float32)}
    nodes = tuple(Node(f"h{i}", "gelu", (f"h{i - 1}" if i else "x",)) for i in range(3))
    checked = check(Network({"x": ArraySpec((2, 9))}, nodes, "h2"), once, oracles=("torch", "exact"))
    assert checked.measures[OUTPUT, "torch"].verdict is Verdict.UNAVAILABLE
    assert "near 3" in checked.measures[OUTPUT, "torch"].reason
    assert not checked.disagreements


def test_pytorchs_slope_of_bce_with_large_positive_weights_cancels():
    x, target, q = (np.array([each]) for each in (5e29, 1e3, 1e20))
    arrays = {"x": x, "target": target, "weight": np.ones(1), "q": q}
    specs = {name: ArraySpec((1,), "fixed" if name in ("weight", "q") else "value") for name in arrays}
    network = Network(specs, (Node("y", "bce_with_logits", tuple(arrays)),), "y")
    checked = check(network, arrays, oracles=("torch", "exact"))
    assert checked.answers["torch"].tensors[gradient("x")][0] == 0
    assert checked.measures[gradient("x"), "torch"].verdict is Verdict.UNAVAILABLE
    assert not checked.disagreements


STRIDED = {"kernel_size": 2, "dilation": (2, 1), "padding": (0, 1), "stride": 2}


def test_what_xlas_simplifier_aborts_on_is_compiled_without_it():
    x = np.random.default_rng(0).standard_normal((2, 4, 3))
    network = one_node("fold", {"x": x}, output_size=4, **STRIDED)
    checked = check(network, {"x": x}, oracles=("jax", "exact"))
    assert checked.measures[gradient("x"), "jax"].verdict is Verdict.AGREE


@pytest.mark.slow
def test_xlas_simplifier_still_aborts():
    words = last_words(_strided_convolution, ())
    assert words is not None, "XLA no longer aborts on the gradient of this convolution: _options can go"
    assert words.startswith("SIGABRT")


def _strided_convolution(oracles):
    def value(x):
        return jax.lax.conv_general_dilated(x, jnp.ones((1, 1, 2, 2)), (2, 2), ((0, 0), (1, 1)), rhs_dilation=(2, 1))

    jax.jit(jax.grad(lambda x: value(x).sum()))(jnp.ones((2, 1, 4, 4)))


def test_a_cotangent_with_the_channels_last_reaches_a_pixel_shuffle_of_five_axes():
    arrays = {"x": np.ones((1, 1, 3, 3, 3)), "w": np.array([[0.5], [1.0], [-2.0]])}
    nodes = (
        Node("a", "pixel_shuffle", ("x",), {"upscale_factor": 1}),
        Node("b", "einsum", ("a", "w"), {"equation": "ncdhw,oc->nodhw"}),
        Node("c", "transpose", ("b",), {"dim0": 0, "dim1": 1}),
    )
    specs = {name: ArraySpec(array.shape) for name, array in arrays.items()}
    checked = check(Network(specs, nodes, "c"), arrays, oracles=("torch", "exact"))
    assert checked.measures[gradient("x"), "torch"].verdict is Verdict.AGREE
