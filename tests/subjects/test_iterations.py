"""Forwards that iterate: a tolerance is a resolution, and a backward is judged above it."""

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
