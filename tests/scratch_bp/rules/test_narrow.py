"""A rule whose results on balls are wide fails with the comparison that could not be decided."""

import numpy as np
import pytest

from scratch_bp.elementary import clip, like
from scratch_bp.rules import Rule
from tests.scratch_bp.rules.narrow import require_narrow
from tests.scratch_bp.rules.points import Point

POINT = Point((np.array([0.25, 0.5, 0.9]),), np.array([1.0, -1.0, 2.0]), {"eps": 0.125})


def logit(x, *, eps=1e-6):
    z = clip(x, eps, 1 - eps)
    return np.log(z / (1 - z)), (x, z, eps)


def by_what_it_made(saved, dy):
    x, z, _ = saved
    inside = z == x
    return (np.where(inside, dy / (z * (1 - z)), like(dy, 0)),)


def by_the_input(saved, dy):
    x, z, eps = saved
    inside = (x >= like(x, eps)) & (x <= like(x, 1 - eps))
    return (np.where(inside, dy / (z * (1 - z)), like(dy, 0)),)


def test_a_branch_on_the_input_is_decided():
    require_narrow(Rule(logit, by_the_input), POINT)


def test_a_comparison_that_cannot_be_decided_is_named_with_its_line():
    with pytest.raises(AssertionError) as failure:
        require_narrow(Rule(logit, by_what_it_made), POINT)
    told = str(failure.value)
    assert "equal in test_narrow.py:" in told
    assert "inside = z == x" in told
    assert "Branches" in told


def test_a_formula_that_loses_its_digits_is_not_blamed_on_a_comparison():
    def forward(x):
        return (x + like(x, 1e9)) - like(x, 1e9), x

    with pytest.raises(AssertionError, match=r"decided:\n  none"):
        require_narrow(Rule(forward, lambda x, dy: (dy.copy(),)), Point((np.array([0.3]),), np.array([1.0]), {}))
