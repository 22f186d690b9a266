"""What the rules of the family have of their own: refused options, far-out numbers, and the ways that only many
entries take, which the drawn networks are too small for."""

import ml_dtypes
import numpy as np
import pytest

from backcheck import check
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from scratch_bp.elementary import where, zero_unless
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
def test_many_entries_are_selected_as_few_are(dtype):
    a, b = np.tile(ODD, 64).astype(dtype), np.tile(ODD[::-1], 64).astype(dtype)
    condition = np.random.default_rng(0).integers(0, 2, a.shape) > 0
    assert where(condition, a, b).tobytes() == np.where(condition, a, b).tobytes()
    assert where(condition, a, b[3]).tobytes() == np.where(condition, a, b[3]).tobytes()
    assert zero_unless(condition, a).tobytes() == np.where(condition, a, a[0]).tobytes()
    rows, column = a.reshape(2, 256), condition[:2].reshape(2, 1)
    assert zero_unless(column.repeat(256, 1), rows).tobytes() == zero_unless(column, rows).tobytes()


@pytest.mark.parametrize(
    ("rule", "config"),
    [
        ("relu", {}), ("relu6", {}), ("leaky_relu", {"negative_slope": -0.5}), ("elu", {"alpha": 2.0}), ("selu", {}),
        ("celu", {"alpha": 0.5}), ("gelu", {"approximate": "tanh"}), ("mish", {}), ("abs", {}),
        ("softplus", {"beta": 2.0, "threshold": 1.9}), ("log_sigmoid", {}), ("clamp", {"min": -0.5}),
        ("hardtanh", {}), ("hardsigmoid", {}), ("hardswish", {}), ("hardshrink", {}), ("softshrink", {}),
        ("threshold", {"threshold": 0.3, "value": 2.0}), ("power", {"exponent": 3.0}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_many_entries_get_what_few_get(rule, config, dtype):
    x, dy = (3 * np.random.default_rng(0).standard_normal((2, 32, 25))).astype(dtype)
    many = answer(rule, x, dy, config)
    few = [answer(rule, *row, config) for row in zip(x, dy, strict=True)]
    for one, rows in zip(many, zip(*few, strict=True), strict=True):
        np.testing.assert_allclose(one, np.stack(rows), rtol=8 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).tiny)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pieces", [1, 30])
def test_the_normal_distribution_keeps_its_tail(dtype, pieces):
    """To within what half an ulp of x moves it: (1 + x^2) ulps, and here 3 times that."""
    x = np.linspace(-12.0 if dtype == np.float32 else -37.0, 9.0, 1500).astype(dtype)
    got = np.concatenate([normal(part)[0] for part in np.array_split(x, pieces)])
    with exact.bits(256):
        want = [(-flint.arb(float(n)) / flint.arb(2).sqrt()).erfc() / 2 for n in x]
        off = np.array([float(abs(flint.arb(float(g)) / w - 1)) for g, w in zip(got, want, strict=True)])
    assert np.all(off <= 3 * np.finfo(dtype).eps * (1 + x.astype(np.float64) ** 2))


@pytest.mark.parametrize("approximate", ["none", "tanh"])
@pytest.mark.parametrize("many", [1, 600])
def test_gelu_is_finite_however_far_out(approximate, many):
    x = np.tile(np.array([-1e30, -40.0, 40.0, 1e30], dtype=np.float32), many)
    with np.errstate(over="ignore"):
        y, dx = answer("gelu", x, np.ones_like(x), {"approximate": approximate})
    assert y[:4].tolist() == [0, 0, 40, np.float32(1e30)]
    assert dx[:4].tolist() == [0, 0, 1, 1]


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
