"""A framework that answers otherwise each time proves nothing; one that is wrong each time is wrong."""

import numpy as np
import pytest

from backcheck.keys import gradient
from backcheck.verdicts import parties
from backcheck.verdicts.check import check
from backcheck_reports.record import Verdict
from scratch_bp.network import ArraySpec, Network, Node

NETWORK = Network({"x": ArraySpec((2, 2))}, (Node("h", "tanh", ("x",)),), "h")
X = {"x": np.array([[0.5, 1.0], [-2.0, 0.25]])}


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [((1.5, 1.0), Verdict.UNAVAILABLE), ((np.nan, 1.0), Verdict.UNAVAILABLE), ((1.5,), Verdict.DISAGREE)],
)
def test_a_framework_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, wrong: tuple[float, ...], verdict: Verdict
) -> None:
    asked, own = [], parties.FRAMEWORKS["torch"]

    def wavers(*given):
        value, grads = own(*given)
        asked.append(wrong[len(asked) % len(wrong)])
        return value, {name: grad * asked[-1] for name, grad in grads.items()}

    monkeypatch.setitem(parties.FRAMEWORKS, "torch", wavers)
    found = check(NETWORK, X, oracles=("torch", "exact")).measures[gradient("x"), "torch"]
    assert found.verdict is verdict
    assert ("when it is asked again" in found.reason) is (verdict is Verdict.UNAVAILABLE)


def test_a_framework_that_is_left_out_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*given):
        raise AssertionError("it was asked")

    monkeypatch.setitem(parties.FRAMEWORKS, "jax", ends)
    with parties.without("jax"), parties.without("torch"):
        found = check(NETWORK, X)
    assert not any(party in ("torch", "jax") for _, party in found.measures)
