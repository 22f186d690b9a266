"""A gradient that was not summed: along every direction its numbers are right, and its shape is wrong."""

import numpy as np
import pytest

from backcheck import check
from backcheck.diagnosis.locate import diagnose
from backcheck.verdicts.parties import ORACLES
from backcheck_reports.record import Verdict
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import one_node


def not_summed(saved, dy):
    return RULES["add"].backward(saved, dy)[0], dy.copy()


@pytest.mark.parametrize("oracles", [("exact",), tuple(name for name in ORACLES if name != "jax")])
@pytest.mark.parametrize("shape", [(), (3,), (2, 1)])
def test_it_is_a_finding_about_that_array_and_breaks_nothing(shape, oracles):
    arrays = {"x1": np.arange(6.0).reshape(2, 3), "x2": np.ones(shape)}
    table = {**RULES, "add": Rule(RULES["add"].forward, not_summed)}
    checked = check(one_node("add", arrays), arrays, rules=table, oracles=oracles)
    finding = diagnose(checked)
    assert (finding.rule, finding.argument) == ("add", "x2")
    assert f"has shape [2, 3], expected {list(shape)}" in finding.sentence
    others = {verdict for (_, party), m in checked.measures.items() if party == "torch" for verdict in [m.verdict]}
    assert Verdict.DISAGREE not in others
