"""Rules of our own that lose digits: each reason still shows, and nothing is lost without one."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from backcheck import check
from backcheck.strategies.case_strategies import cases
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.known_losses import KNOWN_LOSSES, REASONS
from backcheck_reports import Verdict
from scratch_bp.rules import RULES
from tests.verdicts.helpers import one_node


@pytest.mark.parametrize("loss", KNOWN_LOSSES, ids=lambda each: each.rule)
def test_the_loss_still_shows_and_has_its_reason(loss):
    arrays = {f"x{at}": np.asarray(each) for at, each in enumerate(loss.arrays)}
    dy = None if loss.cotangent is None else np.asarray(loss.cotangent)
    checked = check(one_node(loss.rule, arrays, **loss.config), arrays, dy, oracles=("exact",))
    lost = [m for m in checked.measures.values() if m.verdict is Verdict.IMPRECISE]
    assert lost, f"{loss.rule} keeps its digits here: remove the reason"
    assert any(loss.reason in m.reason for m in lost)
    assert not checked.disagreements


@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_rule_loses_digits_without_a_reason(rule):
    @seed(0)
    @settings(
        max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(cases((rule,), ("float64", "float32"), max_nodes=1))
    def draw(case):
        found = check_case(case, RULES, ("exact",)).measures.values()
        assert not any(m.verdict is Verdict.DISAGREE for m in found)
        assert rule in REASONS or not any(m.verdict is Verdict.IMPRECISE for m in found)

    draw()
