"""The tolerance: balls hold what floats of that precision compute, and hulls hold every branch."""

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from backcheck_reference.numbers import balls

FLOATS = st.floats(-20, 20, allow_nan=False)


def hull(values, dtype="float64"):
    watch = balls.Watch(dtype)
    return watch, watch.lift(np.asarray(values, dtype=float), dtype)


@pytest.mark.parametrize(("dtype", "kind"), [("float64", np.float64), ("float32", np.float32), ("float16", np.float16)])
@given(values=st.lists(FLOATS, min_size=3, max_size=6))
def test_eight_radii_hold_what_floats_compute(dtype, kind, values):
    x = np.array(values, dtype=kind)

    def compute(a):
        return np.tanh(a) * (a + 1) - (a * a).sum() / (1 + abs(a))

    with balls.run_at(dtype):
        want = compute(balls.half_ulp(x, dtype))
    got = compute(x).astype(float)
    allowed = balls.SLACK * balls.radii(want)
    assert np.all(abs(got - np.array([float(w.mid()) for w in want])) <= allowed)


@pytest.mark.parametrize("dtype", balls.BITS)
def test_an_input_is_known_to_half_an_ulp(dtype):
    radius = balls.radii(balls.half_ulp(np.array([1.0, 0.0]), dtype))
    assert radius[0] == pytest.approx(2.0 ** -balls.BITS[dtype], rel=1e-6)
    assert 0 <= radius[1] <= balls.SMALLEST[dtype]


def test_an_undecidable_comparison_takes_both_branches():
    _, x = hull([0.0, 1.0, -1.0])
    with balls.run_at("float64", balls.SLACK_BITS):
        picked = np.where(x > 0, x + 5, x - 5)
        product = (x > 0) * (x + 5)
    assert picked[0].contains(arb(5))
    assert picked[0].contains(arb(-5))
    assert not picked[1].contains(arb(-4))
    assert not picked[2].contains(arb(4))
    assert product[0].contains(arb(0))
    assert product[0].contains(arb(5))


def test_a_decided_comparison_is_plain():
    _, x = hull([1.0, -1.0])
    assert (x > 0).dtype == bool


def test_maximum_and_sign_cover_both_sides():
    _, x = hull([[0.0, 0.0], [1.0, -2.0]])
    with balls.run_at("float64", balls.SLACK_BITS):
        largest, sign = x.max(axis=-1), np.sign(x)
    assert largest[1].overlaps(arb(1))
    assert sign[0, 0].contains(arb(1))
    assert sign[0, 0].contains(arb(-1))
    assert sign[1, 1] == -1


def test_an_argmax_that_rounding_could_change_is_undecidable():
    _, tied = hull([1.0, 1.0])
    _, clear = hull([1.0, 2.0])
    assert clear.argmax() == 1
    with pytest.raises(balls.Undecidable):
        tied.argmax()
    with pytest.raises(balls.Undecidable):
        np.sort(tied)


def test_leaving_the_range_is_seen():
    watch, x = hull([1e200])
    with balls.run_at("float64"):
        _ = x * x
    assert watch.peak >= balls.LARGEST["float64"]


def test_underflow_widens_the_hull_by_the_smallest_normal():
    _, x = hull([1e-30], "float32")
    with balls.run_at("float32"):
        square = x * x
    assert square[0].contains(arb(0))


def test_reductions_and_products_stay_hulls():
    _, x = hull([[1.0, 2.0], [3.0, 4.0]])
    with balls.run_at("float64"):
        for made in (x @ x, x.sum(axis=0), x.mean(-1, keepdims=True), x.T, np.exp(x)[0], x.sum()):
            assert isinstance(made, balls.Hull)
            assert made.watch is x.watch
