"""Forwards that iterate: a tolerance is a resolution, and a backward is judged above it."""

import math

import numpy as np
import pytest

from backcheck import check_vjp, verify_rule
from backcheck_reports.record import Verdict
from tests.subjects.iterations import PAIRS, Y, cubic

# what takes seconds each
DEEP = ("bisection, 200", "bisection, 30", "bisection, zero", "implicit Euler", "Newton, 1e-6", "entmax", "equilibrium")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in DEEP else name for name in PAIRS]
)
def test_the_implicit_function_is_right_and_another_is_not(name):
    forward, right, wrong, arrays = PAIRS[name]
    check = check_vjp(forward, right, *arrays)
    assert check.verdict is Verdict.AGREE, check
    assert check_vjp(forward, wrong, *arrays).verdict is Verdict.DISAGREE


def test_the_resolution_is_said():
    check = check_vjp(cubic, lambda x, g: g / (3 * x * x + 1), Y[:1])
    assert "the forward is a staircase with jumps such as" in check.notes[-1]


def endless(x):
    """A loop that ends when floats are equal, and so on no exact numbers."""
    y, change = x, 1.0
    while change != 0:
        new = y - 0.5 * (y - np.cos(y) * x)
        change, y = np.abs(new - y).max(), new
    return y, (x, y)


def endless_backward(saved, dy):
    x, y = saved
    return dy * np.cos(y) / (1 + x * np.sin(y))


def test_an_exact_run_that_does_not_end_is_stopped_and_said(monkeypatch):
    monkeypatch.setattr("backcheck_reference.numbers.limits.OPERATIONS", 3000)
    x = np.array([0.5, 0.7])
    check = check_vjp(endless, endless_backward, x)
    assert check.verdict is Verdict.AGREE
    assert "the exact run was stopped after 3,001 operations" in check.notes[-1]
    assert check_vjp(endless, lambda saved, dy: 1.001 * endless_backward(saved, dy), x).verdict is Verdict.DISAGREE


def quantized(x):
    return np.round(x * 16) / 16, x


def test_a_coarse_quantizer_is_no_resolution():
    """Straight through is meant, perhaps, and is no derivative."""
    assert check_vjp(quantized, lambda x, dy: dy, np.array([0.3, 0.7])).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("name", [pytest.param("Kepler", marks=pytest.mark.slow), "fixed point"])
def test_in_draws(name):
    forward, right, wrong, _ = PAIRS[name]
    assert verify_rule((forward, right), ("n >0",), draws=3, seed=1).verdict is Verdict.AGREE
    assert verify_rule((forward, wrong), ("n >0",), draws=3, seed=1).verdict is Verdict.DISAGREE


STEPS = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "trunc": np.trunc,
    "sign": lambda x: np.sign(x - 1e9),
    "//": lambda x: x // 1,
    "fmod": lambda x: x - np.fmod(x, 1),
}


@pytest.mark.parametrize("name", STEPS)
def test_code_that_is_meant_to_jump_is_no_iteration(name):
    """At 1e9 a step of 1 is as small, beside the number, as what an iteration with a tolerance leaves."""
    step, x = STEPS[name], [1063645988.01, -2e9 + 0.4, 0.3]
    assert check_vjp(lambda x: (step(x), x), lambda x, dy: 0 * dy, x).verdict is Verdict.VACUOUS
    assert check_vjp(lambda x: (x + step(x), x), lambda x, dy: dy, x).verdict is Verdict.AGREE
    assert check_vjp(lambda x: (x + step(x), x), lambda x, dy: 2 * dy, x).verdict is Verdict.DISAGREE


def test_a_float_made_of_whole_numbers_is_no_loss_that_accuses():
    def forward(x):
        return x + x.astype(np.int64) * 1.0, x

    large, small = [1063645988.01, -2e9 + 0.4, 0.3], [3.3, -1.6, 0.3]
    whole = check_vjp(lambda x: (x.astype(np.int64) * 1.0, x), lambda x, dy: 0 * dy, large)
    assert whole.verdict in (Verdict.VACUOUS, Verdict.UNAVAILABLE)
    for factor, at_small in ((1, Verdict.AGREE), (2, Verdict.DISAGREE)):
        assert check_vjp(forward, lambda x, dy, k=factor: k * dy, small).verdict is at_small
        assert check_vjp(forward, lambda x, dy, k=factor: k * dy, large).verdict in (at_small, Verdict.UNAVAILABLE)


def test_steps_that_are_far_from_the_point_excuse_nothing():
    """The sign does not change where differences look, so they tell, though a float is on the way."""

    def forward(x):
        return np.array([float(np.sign(v)) * math.sqrt(abs(float(v))) for v in x]), x

    x = [0.7, -1.3, 2.2]
    assert check_vjp(forward, lambda x, dy: dy * 0.5 / np.sqrt(abs(x)), x).verdict is Verdict.AGREE
    for factor in (0, 1.001, 2):
        wrong = check_vjp(forward, lambda x, dy, k=factor: k * dy * 0.5 / np.sqrt(abs(x)), x)
        assert wrong.verdict is Verdict.DISAGREE
