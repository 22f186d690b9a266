"""What the rules of the family have of their own: refused options, and numbers far out."""

import ml_dtypes
import numpy as np
import pytest

from backcheck import check
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from scratch_bp.elementary import zero_unless
from scratch_bp.normal import normal
from scratch_bp.rules import RULES
from tests.verdicts.helpers import one_node

DTYPES = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
ODD = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-7, -2.5, 3.0])


def answer(rule, x, dy, config):
    """The value and the gradient."""
    y, saved = RULES[rule].forward(x, **config)
    return y, RULES[rule].backward(saved, dy)[0]


def gradient(rule, x, **config):
    x = np.array(x)
    return answer(rule, x, np.ones_like(x), config)[1]


@pytest.mark.parametrize("dtype", DTYPES)
def test_zero_unless_selects_as_where_does(dtype):
    a = np.tile(ODD, 64).astype(dtype)
    condition = np.random.default_rng(0).integers(0, 2, a.shape) > 0
    assert zero_unless(condition, a).tobytes() == np.where(condition, a, a[0]).tobytes()
    rows, column = a.reshape(2, 256), condition[:2].reshape(2, 1)
    assert zero_unless(column, rows).tobytes() == np.where(column, rows, a[0]).tobytes()
    assert zero_unless(condition[0], a[3]).shape == ()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_normal_distribution_keeps_its_tail(dtype):
    """To within what half an ulp of x moves it: (1 + x^2) ulps, and here 3 times that."""
    x = np.linspace(-12.0 if dtype == np.float32 else -37.0, 9.0, 1500).astype(dtype)
    got, _ = normal(x)
    with exact.bits(256):
        want = [(-flint.arb(float(n)) / flint.arb(2).sqrt()).erfc() / 2 for n in x]
        off = np.array([float(abs(flint.arb(float(g)) / w - 1)) for g, w in zip(got, want, strict=True)])
    assert np.all(off <= 3 * np.finfo(dtype).eps * (1 + x.astype(np.float64) ** 2))


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_is_finite_however_far_out(approximate):
    x = np.array([-1e30, -40.0, 40.0, 1e30], dtype=np.float32)
    with np.errstate(over="ignore"):
        y, dx = answer("gelu", x, np.ones_like(x), {"approximate": approximate})
    assert y.tolist() == [0, 0, 40, np.float32(1e30)]
    assert dx.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("exponent", [1.0, 2.0, 3.0, 4.0, 5.0, -1.0, -2.0, -3.0])
def test_a_whole_power_takes_negative_numbers(exponent):
    arrays = {"x": np.array([-2.0, -0.75, 0.5, 3.0])}
    checked = check(one_node("power", arrays, exponent=exponent), arrays, oracles=("torch", "differences", "exact"))
    assert {measure.verdict for measure in checked.measures.values()} == {"agree"}


def test_a_power_at_zero():
    assert [gradient("power", [0.0], exponent=n).tolist() for n in (0.0, 1.0, 2.0)] == [[0], [1], [0]]


@pytest.mark.parametrize("rule", ["hardshrink", "softshrink"])
def test_what_shrinks_nothing_has_the_slope_1_at_0_too(rule):
    assert gradient(rule, [-1.0, 0.0, 2.0], lambd=0.0).tolist() == [1, 1, 1]


@pytest.mark.parametrize("rule", ["glu", "swiglu"])
@pytest.mark.parametrize("dim", [-1, 0, 1, -3])
def test_the_halves_are_taken_along_the_axis(rule, dim):
    arrays = {"x": np.random.default_rng(0).standard_normal((2, 4, 6))}
    checked = check(one_node(rule, arrays, dim=dim), arrays, oracles=("torch", "exact"))
    assert {measure.verdict for measure in checked.measures.values()} == {"agree"}


@pytest.mark.parametrize(
    ("rule", "arrays", "config", "message"),
    [
        ("celu", (np.ones(2),), {"alpha": 0.0}, "celu: alpha divides x and is not 0"),
        ("gelu", (np.ones(2),), {"approximate": "erf"}, "approximate is .*, got 'erf'"),
        ("softshrink", (np.ones(2),), {"lambd": -0.5}, "softshrink: lambd is 0 or more, got -0.5"),
        ("prelu", (np.ones((2, 3)), np.ones(2)), {}, "prelu: weight has 1 entry, or one for each channel"),
        ("prelu", (np.ones(3), np.ones(3)), {}, "prelu: weight has 1 entry, or one for each channel"),
        ("glu", (np.ones((2, 3)),), {}, "glu: dim is an axis of even size, got -1"),
        ("swiglu", (np.ones((2, 3)),), {"dim": 2}, "swiglu: dim is an axis of even size, got 2"),
        ("dropout", (np.ones(2), np.ones(2, int)), {"p": 1.0}, "dropout: p is a probability below 1, got 1.0"),
        ("spatial_dropout", (np.ones((2, 1)), np.ones((2, 1), int)), {"p": -0.1}, "spatial_dropout: p is a prob"),
        ("stochastic_depth", (np.ones(2), np.ones(2, int)), {"p": 0.5, "mode": "col"}, "mode is .*, got 'col'"),
        ("stochastic_depth", (np.ones(2), np.ones(2, int)), {"p": 0.5, "mode": "batch"}, "got 2 for 2 samples"),
        ("stochastic_depth", (np.ones(2), np.ones(1, int)), {"p": 0.5, "mode": "row"}, "got 1 for 2 samples"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(rule, arrays, config, message):
    with pytest.raises(ValueError, match=message):
        RULES[rule].forward(*arrays, **config)
