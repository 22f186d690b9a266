"""The sigmoid's own function: floats by the bit, and balls that hold the truth."""

import flint
import numpy as np
import pytest

from scratch_bp.elementary import like, logistic


def plainly(x: np.ndarray) -> np.ndarray:
    z = np.exp(-abs(x))
    return np.where(x >= 0, like(x, 1), z) / (1 + z)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_those_of_the_plain_selection_to_the_bit(dtype):
    rng = np.random.default_rng(0)
    wide = rng.standard_normal(10_000) * 10.0 ** rng.integers(-12, 3, 10_000)
    edges = [0.0, -0.0, 17.0, -17.0, 88.8, -88.8, 745.2, -745.2, np.inf, -np.inf, np.nan]
    x = np.concatenate([wide, edges]).astype(dtype)
    assert logistic(x).dtype == dtype
    assert logistic(x).tobytes() == plainly(x).tobytes()


@pytest.mark.parametrize("middle", [-30.0, -1.0, 0.0, 1e-300, 0.5, 30.0])
@pytest.mark.parametrize("radius", [0.0, 1e-320, 1e-3, 2.0])
def test_a_ball_holds_the_value_at_both_of_its_ends_and_in_the_middle(middle, radius):
    got = logistic(np.array([flint.arb(middle, radius)], dtype=object))[0]
    for x in (middle - radius, middle, middle + radius):
        assert got.overlaps(1 / (1 + (-flint.arb(x)).exp()))


def test_an_array_without_axes_is_an_array():
    assert logistic(np.asarray(flint.arb(0), dtype=object)) == flint.arb(0.5)
    assert isinstance(logistic(np.zeros((), np.float32)), np.ndarray)
