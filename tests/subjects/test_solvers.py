"""A forward that solves to a tolerance on floats alone is judged to the digits that its tolerance leaves."""

import numpy as np
import pytest

from backcheck import check_vjp
from backcheck_reports.record import Verdict
from tests.subjects.solving import SOLVED, by_fsolve, cubic_backward


@pytest.mark.parametrize("name", SOLVED)
def test_a_right_backward_is_not_blamed_for_the_tolerance_of_its_forward(name: str) -> None:
    forward, backward = SOLVED[name]
    for seed in range(1 if name == "solve_ivp" else 3):
        x = 2 * np.random.default_rng(seed).normal(size=3)
        check = check_vjp(forward, backward, x)
        assert check.verdict is Verdict.AGREE, check


@pytest.mark.parametrize("name", SOLVED)
def test_a_backward_that_is_off_by_a_hundredth_is_wrong(name: str) -> None:
    forward, backward = SOLVED[name]
    x = 2 * np.random.default_rng(7).normal(size=3)
    check = check_vjp(forward, lambda saved, dy: 1.01 * backward(saved, dy), x)
    assert check.verdict is Verdict.DISAGREE, check


def test_the_tolerance_that_was_seen_is_told() -> None:
    said = " ".join(str(check_vjp(by_fsolve, cubic_backward, [0.5, -1.3, 2.0])).split())
    assert "solves to a tolerance (fsolve(xtol=1.49012e-08) of SciPy's leaves errors such as 2e-08" in said
    assert "any relative error above 2e-07 would be seen" in said


def test_code_without_a_loop_is_not_excused() -> None:
    """A float in the middle and no solver: differences see its slope to ten digits, and say so."""

    def through_a_float(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.array([float(v) ** 3 for v in x]), x

    x = np.array([0.5, -1.3, 2.0])
    assert check_vjp(through_a_float, lambda x, dy: 3 * x * x * dy, x).verdict is Verdict.AGREE
    assert check_vjp(through_a_float, lambda x, dy: 3 * x * x * dy * (1 + 1e-9), x).verdict is Verdict.DISAGREE


def test_a_jump_of_the_function_itself_excuses_no_wrong_factor():
    """Other lines run beyond it too, and the slope is off by far more than such a jump allows for."""

    def two_pieces(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.array([3 * float(v) ** 2 if float(v) > 0.6 else 3 * float(v) ** 2 + 0.01 for v in x]), x

    x = np.array([0.5, -1.3, 2.0])
    assert check_vjp(two_pieces, lambda x, dy: 6 * x * dy, x).verdict is Verdict.AGREE
    assert check_vjp(two_pieces, lambda x, dy: 7 * x * dy, x).verdict is Verdict.DISAGREE
