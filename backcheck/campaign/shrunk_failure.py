"""A failure of a run made small: the smallest network found that fails in the same way."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from backcheck.campaign.recipe import DRAWS_A_NETWORK, Recipe, draw_branch
from backcheck.campaign.shard import Failure
from backcheck.diagnosis.locate import diagnose
from backcheck.diagnosis.shrink import at_defaults, fails_alike, simpler_arrays, smallest, stands_out
from backcheck.strategies.case import Case
from backcheck.strategies.side_by_side.first_networks import Branch
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
        fails = fails_alike(finding, table, plainly=stands_out(checked, finding.party))
        branches = recipe.branches(failure.network, table)
        if branches:
            best = _smallest_branch(case, branches, finding.rule, fails)
        else:
            strategy = recipe.strategy(failure.network, table)
            best = smallest(case, strategy, recipe.stream(failure.network), DRAWS_A_NETWORK, fails)
        single = _node_alone(best, table)
        return simpler_arrays(single if single is not None and fails(single) else best, fails)


def _smallest_branch(case: Case, branches: Sequence[Branch], rule: str, fails: Callable[[Case], bool]) -> Case:
    """Of a case of several side by side the first that has the rule and fails by itself, made small; else the whole."""
    for branch in branches:
        drawn = draw_branch(branch)
        if any(node.rule == rule for node in drawn.network.nodes) and fails(drawn):
            return at_defaults(smallest(drawn, branch.strategy, branch.stream, DRAWS_A_NETWORK, fails), fails)
    return case


def _node_alone(case: Case, table: Mapping[str, Rule]) -> Case | None:
    """The node at fault as a network of its own, at the values that it had: no network is smaller."""
    finding = diagnose(check_case(case, table))
    if finding is None or finding.alone is None or len(case.network.nodes) == 1:
        return None
    alone = finding.alone
    return Case.of(alone.network, alone.arrays, alone.dy, alone.dtype)
