"""Cases drawn once, and looked at from many sides."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
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


# How common a kind of case is depends on how many rules share the draws. What is asked here is asked of the drawing,
# on a vocabulary that stays as it is; that the whole one is covered is asked in test_coverage
SOME = (
    *("identity", "relu", "leaky_relu", "tanh", "sigmoid", "softplus", "silu", "gelu", "add", "multiply", "dense"),
    *("softmax", "log_softmax", "layer_norm", "abs", "square", "exp", "softsign", "clamp", "hardtanh", "relu6", "elu"),
    *("maximum", "minimum", "max", "amax", "sum", "mean", "var", "norm", "max_pool1d", "rms_norm", "batch_norm"),
    *("dropout", "mse", "mae", "huber", "bce_with_logits", "cross_entropy", "margin_ranking", "nll", "l2_penalty"),
)


@pytest.fixture(scope="session")
def drawn() -> list[Case]:
    """2,000 cases of some rules."""
    return _draw_many(cases(SOME), 2000)


@pytest.fixture(scope="session")
def run_case() -> Callable[[Case], tuple]:
    """Arrays, cotangent, output and gradients of a case, computed by the project's own rules."""

    def run(case: Case) -> tuple:
        arrays, dy = case.make()
        with np.errstate(all="ignore"):
            return arrays, dy, *value_and_grad(case.network, arrays, dy)

    return run
