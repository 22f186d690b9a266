"""Cases drawn once, and looked at from many sides."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

from backcheck.case import Case
from backcheck.strategies import cases
from scratch_bp.network import value_and_grad

DrawMany = Callable[..., list]


def _draw_many(strategy: SearchStrategy, count: int, number: int = 1) -> list:
    drawn: list = []

    @seed(number)
    @settings(database=None, deadline=None, max_examples=count, suppress_health_check=[HealthCheck.too_slow])
    @given(strategy)
    def collect(value: object) -> None:
        drawn.append(value)

    collect()
    return drawn


@pytest.fixture(scope="session")
def draw_many() -> DrawMany:
    """`draw_many(strategy, count, seed)`: what Hypothesis draws, in order."""
    return _draw_many


@pytest.fixture(scope="session")
def drawn() -> list[Case]:
    """2,000 cases of everything."""
    return _draw_many(cases(), 2000)


@pytest.fixture(scope="session")
def run_case() -> Callable[[Case], tuple]:
    """Arrays, cotangent, output and gradients of a case, computed by the project's own rules."""

    def run(case: Case) -> tuple:
        arrays, dy = case.make()
        with np.errstate(all="ignore"):
            return arrays, dy, *value_and_grad(case.network, arrays, dy)

    return run
