"""In whole networks too: a value that is no number makes nobody agree, and the rule whose backward is none is named."""

from typing import Any

import numpy as np
import pytest

from backcheck.diagnosis.locate import diagnose
from backcheck.keys import gradient
from backcheck.verdicts.check import check
from backcheck_reports.record import Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule

X = {"x": np.array([[0.0, 1.0], [2.0, -3.0]])}


def chain(*rules: str) -> Network:
    nodes = [Node(f"h{at}", rule, ("x" if not at else f"h{at - 1}",)) for at, rule in enumerate(rules)]
    return Network({"x": ArraySpec((2, 2))}, tuple(nodes), nodes[-1].name)


def with_rule(name: str, forward: Any, backward: Any) -> dict[str, Rule]:
    return {**RULES, name: Rule(lambda x: (forward(x), x), backward)}


@pytest.mark.parametrize("rules", [("square",), ("tanh", "square"), ("square", "tanh")], ids="-".join)
def test_a_value_that_is_no_number_makes_nobody_agree(rules: tuple[str, ...]) -> None:
    with np.errstate(all="ignore"):
        found = check(chain(*rules), X, rules=with_rule("square", lambda x: np.sqrt(x), lambda x, dy: (dy * 123.0,)))
    verdicts = {found.measures[gradient("x"), party].verdict for party in ("numpy", "exact", "differences")}
    assert Verdict.AGREE not in verdicts
    assert Verdict.KINK not in verdicts


@pytest.mark.parametrize("rules", [("square",), ("tanh", "square"), ("square", "sigmoid")], ids="-".join)
def test_the_rule_whose_backward_is_no_number_is_named(rules: tuple[str, ...]) -> None:
    with np.errstate(all="ignore"):
        wrong = with_rule("square", lambda x: x * x, lambda x, dy: (dy * 2 * x * x / x,))
        found = check(chain(*rules), X, rules=wrong, oracles=("exact", "torch"))
        finding = diagnose(found)
    assert found.measures[gradient("x"), "numpy"].verdict is Verdict.DISAGREE
    assert found.measures[gradient("x"), "exact"].verdict is Verdict.DISAGREE
    assert finding is not None
    assert (finding.rule, finding.argument) == ("square", "x")
    assert "is not finite at [0, 0], where the slope of the forward is" in finding.sentence
