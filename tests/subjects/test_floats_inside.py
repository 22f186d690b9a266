"""Code that brings floats into the middle of exact arithmetic: noticed, never flagged for it, and judged otherwise."""

import math

import numpy as np
import pytest
from numpy import zeros

from backcheck import check_vjp
from backcheck.keys import gradient
from backcheck.subjects.result import exactness
from backcheck_reports.record import Verdict
from tests.subjects.pairs_of_functions import normal

X = normal(4, 3)


def logistic(value):
    return 1 / (1 + math.exp(-value))


def by_entries(x):
    y = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        y[at] = logistic(x[at])
    return y, y


def by_lists(x):
    y = np.array([[logistic(value) for value in row] for row in x.tolist()])
    return y, y


def by_map(x):
    y = np.array(list(map(logistic, x.ravel()))).reshape(x.shape)
    return y, y


def by_frompyfunc(x):
    y = np.frompyfunc(logistic, 1, 1)(x).astype(float)
    return y, y


def by_vectorize(x):
    y = np.vectorize(logistic)(x)
    return y, y


def by_bare_zeros(x):
    y = zeros(x.shape)
    y[:] = 1 / (1 + np.exp(-x))
    return y, y


def slope(y, dy):
    return dy * y * (1 - y)


def in_the_middle(x):
    """The float buffer is not what comes out."""
    h = zeros(x.shape)
    h[:] = np.exp(-x)
    return h * x, (h, x)


def through(dtype):
    """A square one factor of which goes through a buffer of a shorter float."""

    def forward(x):
        h = zeros(x.shape, dtype)
        h[:] = x
        return h.astype(np.float64) * x, x

    return forward


def by_norm(x):
    s = float(np.sum(x * x))
    return x * s, (x, s)


def norm_backward(saved, dy):
    x, s = saved
    return dy * s + 2 * x * np.sum(dy * x)


# the forward, its right backward
LOSING = {
    "entries": (by_entries, slope),
    "lists": (by_lists, slope),
    "map": (by_map, slope),
    "frompyfunc": (by_frompyfunc, slope),
    "vectorize": (by_vectorize, slope),
    "bare zeros": (by_bare_zeros, slope),
    "zeros in the middle": (in_the_middle, lambda saved, dy: dy * saved[0] * (1 - saved[1])),
    "float": (by_norm, norm_backward),
}


@pytest.mark.parametrize("name", LOSING)
def test_a_right_backward_is_not_flagged_and_the_loss_is_said(name):
    forward, backward = LOSING[name]
    check = check_vjp(forward, backward, X)
    assert check.verdict is Verdict.AGREE
    assert check.measures[gradient("x"), "exact"].verdict is Verdict.UNAVAILABLE
    assert "exact arithmetic cannot follow this code (test_floats_inside.py, line " in check.notes[0]


@pytest.mark.parametrize("name", LOSING)
def test_a_wrong_one_is_caught_by_differences(name):
    forward, backward = LOSING[name]
    check = check_vjp(forward, lambda saved, dy: backward(saved, dy) * (1 + 1e-6), X)
    assert check.verdict is Verdict.DISAGREE
    assert check.finding.argument == "x"
    assert "finite differences" in str(check)


def test_a_part_that_both_lose_is_not_agreed_upon():
    """In exact numbers s is a constant, and so it is to this backward."""
    assert check_vjp(by_norm, lambda saved, dy: dy * saved[1], X).verdict is Verdict.DISAGREE


# steps that all normal entries lose, small ones keep: a float's grid is finer near 0
THROUGH = {
    "ordinary": np.array([0.75, -1.25, 2.5]),
    "small": np.array([0.75, 2.0**-8, -(2.0**-12)]),
    "zeros": np.array([0.75, 0.0, 2.0**-20]),
    "many": np.random.default_rng(4).normal(size=(30, 20)).astype(np.float16).astype(np.float64),
}


@pytest.mark.parametrize("x", THROUGH.values(), ids=THROUGH)
@pytest.mark.parametrize("summed", [False, True])
def test_a_float32_in_the_middle_is_noticed(x, summed):
    def forward(x):
        value, saved = through(np.float32)(x)
        return (value.sum() if summed else value), saved

    check = check_vjp(forward, lambda x, dy: 2 * x * dy, x)
    assert check.verdict is Verdict.AGREE
    assert check.measures[gradient("x"), "exact"].verdict is Verdict.UNAVAILABLE
    assert check_vjp(forward, lambda x, dy: 2.01 * x * dy, x).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("x", THROUGH.values(), ids=THROUGH)
@pytest.mark.parametrize("factor", [2, 1])
def test_nobody_judges_through_a_float16(x, factor):
    """In exact numbers the buffer is a constant, which a factor of 1 agrees with; to differences it is a staircase."""
    check = check_vjp(through(np.float16), lambda x, dy: factor * x * dy, x)
    assert check.verdict is Verdict.UNAVAILABLE
    assert not check
    assert "turns exact numbers into float16" in check.notes[0]


def test_nobody_judges_where_all_of_it_went_through_a_float16():
    """Exact arithmetic is not to be had at all here, and differences alone called two of these wrong."""

    def forward(x):
        h = zeros(x.shape, np.float16)
        h[:] = x
        return h.astype(np.float64) ** 2, x

    for seed in range(24):
        x = np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float16).astype(np.float64)
        assert check_vjp(forward, lambda x, dy: 2 * x * dy, x).verdict in (Verdict.UNAVAILABLE, Verdict.ILL_CONDITIONED)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_without_exact_arithmetic_low_precision_is_judged_in_float64(dtype):
    check = check_vjp(by_entries, slope, X.astype(dtype))
    assert check.verdict is Verdict.AGREE
    assert "judged in float64" in check.notes[-1]
    assert check_vjp(by_entries, lambda y, dy: 1.001 * slope(y, dy), X.astype(dtype)).verdict is Verdict.DISAGREE


def kinked(x):
    return np.maximum(x, 0), x


# code that keeps to exact numbers, though differences have their difficulties with it
KEEPING = {
    "kink": (kinked, lambda x, dy: dy * (x > 0), np.array([0.0, 1.0, -1.0])),
    "a fifth power at 0": (lambda x: (x**5, x), lambda x, dy: 5 * x**4 * dy, np.array([0.0, 2.0**-20, 1.0])),
    "a small wave": (
        lambda x: (x + 1e-8 * np.sin(1e8 * x), x),
        lambda x, dy: dy * (1 + np.cos(1e8 * x)),
        np.array([0.0, 1e-9, -1e-9]),
    ),
    "a sharp turn": (
        lambda x: (np.tanh(1e6 * x), np.tanh(1e6 * x)),
        lambda y, dy: 1e6 * dy * (1 - y) * (1 + y),
        np.array([0.0, 1e-7, -1e-7]),
    ),
    "near a kink": (kinked, lambda x, dy: dy * (x > 0), np.array([1e-12, -1e-10, 1.0])),
    "steep": (lambda x: (np.sin(1e6 * x), x), lambda x, dy: 1e6 * dy * np.cos(1e6 * x), np.array([0.3, 1.2, -1.0])),
    "a float that does not matter": (
        lambda x: (np.exp(x - float(x.max())) / np.exp(x - float(x.max())).sum(), x),
        lambda x, dy: (lambda p: p * (dy - (p * dy).sum()))(np.exp(x) / np.exp(x).sum()),
        np.array([0.3, 1.2, -1.0]),
    ),
}


@pytest.mark.parametrize("name", KEEPING)
def test_code_that_keeps_to_exact_numbers_is_followed(name):
    forward, backward, x = KEEPING[name]
    check = check_vjp(forward, backward, x)
    assert check
    assert not exactness.loses(check.checked.problem)
    assert check.measures[gradient("x"), "exact"].verdict in (Verdict.AGREE, Verdict.KINK)
    assert not check_vjp(forward, lambda saved, dy: backward(saved, dy) * (1 + 1e-9), x)


def test_floats_in_the_backward_alone_round_and_break_no_promise():
    def backward(y, dy):
        flat = [float(d) * float(v) * (1 - float(v)) for d, v in zip(dy.ravel(), y.ravel(), strict=True)]
        return np.array(flat).reshape(y.shape)

    def forward(x):
        y = 1 / (1 + np.exp(-x))
        return y, y

    assert check_vjp(forward, backward, X).verdict is Verdict.AGREE
    assert check_vjp(forward, lambda y, dy: backward(y, dy) * (1 + 1e-6), X).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_with_a_framework_small_errors_are_caught_entry_by_entry(framework):
    module = pytest.importorskip({"torch": "torch", "jax": "jax.nn"}[framework])
    function = module.sigmoid
    check = check_vjp(by_entries, slope, X, **{framework: function})
    assert check.verdict is Verdict.AGREE
    assert check.measures[gradient("x"), "numpy"].resolution < 1e-12
    wrong = slope(by_entries(X)[0], 1.0)
    wrong[2, 1] *= 1 + 1e-12
    other = check_vjp(by_entries, lambda y, dy: dy * wrong, X, **{framework: function})
    assert other.verdict is Verdict.DISAGREE
    assert other.measures[gradient("x"), "numpy"].index == (2, 1)


@pytest.mark.parametrize("x", [[1e7, 3e8], [1e9, 2.5e9], [1e13, 3e13], [1e15], [2e6, 5.0]], ids=lambda x: f"{x[0]:.0e}")
def test_a_function_that_turns_many_times_in_a_step_loses_nothing(x):
    def forward(x):
        return np.cos(x), x

    right = check_vjp(forward, lambda x, dy: -dy * np.sin(x), x)
    assert right.verdict in (Verdict.AGREE, Verdict.ILL_CONDITIONED)  # at 1e13 half an ulp is a thousandth of a period
    assert right.measures[gradient("x"), "exact"].verdict is Verdict.AGREE
    assert check_vjp(forward, lambda x, dy: -1.001 * dy * np.sin(x), x).verdict is Verdict.DISAGREE


def test_so_does_one_that_turns_within():
    def check(factor):
        return check_vjp(
            lambda x: (np.sin(1e11 * x), x), lambda x, dy: factor * dy * 1e11 * np.cos(1e11 * x), [0.7, 1.3]
        )

    assert check(1.0).verdict is Verdict.AGREE
    assert check(1.001).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("x", [[1e9, 2.5e9], [3.0, 4e6]], ids=lambda x: f"{x[0]:.0e}")
def test_floats_inside_are_noticed_at_large_entries_too(x):
    def forward(x):
        return x * 0 + np.array([math.cos(float(v) * 1e-9) for v in x]) * 1e6 + 1e-3 * x, x

    def check(slope):
        return check_vjp(forward, lambda x, dy: dy * (1e-3 - slope * np.sin(x * 1e-9)), x)

    assert check(1e-3).verdict is Verdict.AGREE
    assert check(2e-3).verdict is Verdict.DISAGREE
