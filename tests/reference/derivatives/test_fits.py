"""Slopes of values on a coarse grid: right within their own error, which is small where the function is gentle."""

import numpy as np
import pytest

from backcheck_reference.derivatives.fits import fitted

FUNCTIONS = {
    "sin": (np.sin, np.cos),
    "exp": (np.exp, np.exp),
    "square": (np.square, lambda x: 2 * x),
    "log": (lambda x: np.log(abs(x)), lambda x: 1 / x),
    "relu": (lambda x: np.maximum(x, 0), lambda x: float(x > 0)),
}
GRIDS = {"float16": 0.1, "float32": 1e-4, "float64": 1e-11}


def on_a_line(function, x, dtype):
    def along(t):
        value = float(np.asarray(function(x + t)).astype(dtype))
        return value, abs(value)

    return along


@pytest.mark.parametrize("dtype", GRIDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_covers_and_is_small(name, dtype):
    function, slope = FUNCTIONS[name]
    for x in np.random.default_rng(1).uniform(0.5, 2, 20):
        found = fitted(on_a_line(function, x, dtype), float(np.finfo(dtype).eps))
        assert abs(found.value - slope(x)) <= found.error
        assert found.error <= GRIDS[dtype] * max(abs(slope(x)), abs(function(x)))
        assert not found.kink


def test_a_grid_that_the_dtype_does_not_tell():
    """A tolerance of 1e-6 in an iteration: the values are float64, and their grid is not."""

    def along(t):
        value = np.round(np.tanh(0.3 + t), 6)
        return value, abs(value)

    found = fitted(along, 2.0**-52)
    assert abs(found.value - (1 - np.tanh(0.3) ** 2)) <= found.error < 1e-3


def test_a_kink_is_seen():
    found = fitted(on_a_line(abs, 0.0, "float32"), 2.0**-23)
    assert found.kink
    assert found.error >= 1
    assert not fitted(on_a_line(lambda t: 7.0, 0.0, "float32"), 2.0**-23).kink


def test_a_function_that_ends_or_goes_on_for_ever_beside_the_point(monkeypatch):
    monkeypatch.setattr("backcheck_reference.numbers.limits.LINES", 20_000)

    def along(t):
        if t > 0.02:
            raise ValueError("no change of sign")
        x = 1.0
        while t < -0.02:  # an iteration that does not converge
            x = x * 1.0
        value = np.float32(np.exp(t) * x)
        return float(value), float(value)

    found = fitted(along, 2.0**-23)
    assert abs(found.value - 1) <= found.error < 0.01
