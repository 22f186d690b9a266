"""check_jax and verify_rule on JAX functions: ten wrong ways are caught and said, right ones never flagged."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import backcheck
from backcheck_reference.frameworks import jax_oracle
from backcheck_reports.record import Verdict
from tests.subjects.jax_functions import RIGHT, WRONG, function

jax_oracle.prepare()
RNG = np.random.default_rng(0)
SHAPES = {"layer_norm": [(3, 4), (4,), (4,)], "affine": [(3, 4), (4, 2), (2,)], "scaled": [(3, 4), ()]}
DRAWN = {
    "layer_norm": ("n d", "d", "d"),
    "affine": ("n d", "d m", "m"),
    "scaled": ("n d", ""),
    "embed": ("words d", "n <words"),
}
DTYPES = ("float64", "float32", "float16", jnp.bfloat16)


def arrays_for(made):
    if made.__name__ == "embed":
        return [RNG.normal(size=(5, 3)), np.array([1, 0, 1, 4])]
    return [RNG.normal(size=shape) for shape in SHAPES.get(made.__name__, [(3, 4)])]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_backward_agrees(name):
    check = backcheck.check_jax(RIGHT[name], *arrays_for(RIGHT[name]))
    assert check, check.explain()
    assert check.verdict is Verdict.AGREE


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_backward_is_caught_named_and_said(name):
    made, argument, words = WRONG[name]
    check = backcheck.check_jax(made, *arrays_for(made))
    assert not check
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, argument)
    assert words in str(check), check


@pytest.mark.parametrize("name", ["layer_norm", "relu", "several", "embed", "scaled"])
def test_a_right_backward_is_never_flagged_in_draws(name):
    drawn = backcheck.verify_rule(RIGHT[name], DRAWN.get(name, "n d"), draws=15)
    assert drawn, drawn.explain()
    assert drawn.cases >= 12


@pytest.mark.parametrize("name", ["mean", "untransposed", "axis", "once", "forgotten", "zero"])
def test_a_wrong_backward_is_found_by_draws(name):
    made, argument, _ = WRONG[name]
    drawn = backcheck.verify_rule(made, DRAWN.get(made.__name__, "n d"), draws=60)
    assert drawn.verdict is Verdict.DISAGREE
    assert drawn.failure.finding.argument == argument


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_precision(dtype):
    for name in ("square", "softmax", "several"):
        check = backcheck.check_jax(RIGHT[name], *arrays_for(RIGHT[name]), dtype=dtype)
        assert check.verdict in (Verdict.AGREE, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE), check.explain()
    assert backcheck.check_jax(WRONG["twice"][0], RNG.normal(size=3), dtype=dtype).verdict is Verdict.DISAGREE


def test_a_kink_is_judged_by_its_sides():
    at_kink = np.array([0.0, 1.0, -1.0, 0.0])
    assert backcheck.check_jax(RIGHT["relu"], at_kink).verdict is Verdict.KINK
    beyond = function(lambda x: jnp.maximum(x, 0), lambda s, dy: (jnp.where(s[0] == 0, 1.5, s[0] > 0) * dy,))
    assert backcheck.check_jax(beyond, at_kink).verdict is Verdict.DISAGREE


def test_scalars_single_entries_and_no_entries():
    assert backcheck.check_jax(RIGHT["square"], jnp.float32(1.5))
    assert backcheck.check_jax(RIGHT["square"], np.float64(-2.0))
    assert backcheck.check_jax(RIGHT["softmax"], np.ones((2, 1))).verdict is Verdict.VACUOUS
    assert backcheck.check_jax(RIGHT["square"], np.zeros((0, 3))).verdict is Verdict.VACUOUS
    assert backcheck.check_jax(RIGHT["square"], np.zeros((0, 3)))
    assert not backcheck.check_jax(WRONG["sign"][0], jnp.float32(1.5))


def test_a_jvp_of_ones_own():
    def bent(change):
        made = jax.custom_jvp(jnp.sin)
        made.defjvp(lambda primals, tangents: (jnp.sin(*primals), change * jnp.cos(*primals) * tangents[0]))
        return made

    x = RNG.normal(size=(2, 3))
    assert backcheck.check_jax(bent(1.0), x)
    assert backcheck.check_jax(bent(-1.0), x).verdict is Verdict.DISAGREE
    assert backcheck.verify_rule(bent(-1.0), "n d", draws=20).verdict is Verdict.DISAGREE


def test_a_function_that_uses_one_is_told_apart_by_its_kind():
    inner = WRONG["mean"][0]

    def network(x, w, b):
        return jnp.tanh(inner(x, w, b)).sum()

    drawn = backcheck.verify_rule(network, DRAWN["affine"], kind="jax", draws=20)
    assert (drawn.verdict, drawn.failure.finding.argument) == (Verdict.DISAGREE, "b")
    with pytest.raises(backcheck.BadInput, match="say which it is"):
        backcheck.verify_rule(network, DRAWN["affine"])


def test_options_reach_the_function():
    def power(x, *, degree=2):
        return x**degree

    drawn = backcheck.verify_rule(power, "n", {"degree": [2, 3]}, kind="jax", draws=10)
    assert drawn, drawn.explain()
