"""A failure of a run made small: the smallest network found that fails in the same way."""

from collections.abc import Mapping

import numpy as np

from backcheck.campaign.recipe import DRAWS_A_NETWORK, Recipe
from backcheck.campaign.shard import Failure
from backcheck.diagnosis.locate import diagnose
from backcheck.diagnosis.shrink import fails_alike, simpler_arrays, smallest, stands_out
from backcheck.strategies.case import Case
from backcheck.verdicts.cases import check_case
from scratch_bp.rules import Rule


def shrunk(failure: Failure, recipe: Recipe, table: Mapping[str, Rule]) -> Case:
    """The smallest case found that fails as this one does, drawn from what the run draws."""
    case = Case.from_json(failure.case)
    with np.errstate(all="ignore"):
        checked = check_case(case, table)
        finding = diagnose(checked)
        if finding is None:
            return case
        strategy = recipe.strategy(failure.network, table)
        fails = fails_alike(finding, table, plainly=stands_out(checked, finding.party))
        best = smallest(case, strategy, recipe.stream(failure.network), DRAWS_A_NETWORK, fails)
        single = _node_alone(best, table)
        return simpler_arrays(single if single is not None and fails(single) else best, fails)


def _node_alone(case: Case, table: Mapping[str, Rule]) -> Case | None:
    """The node at fault as a network of its own, at the values that it had: no network is smaller."""
    finding = diagnose(check_case(case, table))
    if finding is None or finding.alone is None or len(case.network.nodes) == 1:
        return None
    alone = finding.alone
    return Case.of(alone.network, alone.arrays, alone.dy, alone.dtype)
