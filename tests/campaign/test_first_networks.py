"""The first networks of a run have all rules, and what is wrong in one of many is shown by that one alone."""

from statistics import median

import numpy as np
import pytest

from backcheck.campaign.recipe import Recipe, draw, draw_branch
from backcheck.campaign.shard import Failure
from backcheck.campaign.shrunk_failure import shrunk
from backcheck.diagnosis.locate import diagnose
from backcheck.strategies.side_by_side.first_networks import NETWORKS_A_ROUND
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.parties import without
from scratch_bp.rules import RULES, Rule

ONE_ROUND = range(1 + NETWORKS_A_ROUND)


@pytest.mark.parametrize("seed", [0, pytest.param(7, marks=pytest.mark.slow)])
def test_every_rule_is_met_within_nine_networks_and_half_of_them_within_five(seed):
    first: dict[str, int] = {}
    for network in ONE_ROUND:
        for node in draw(Recipe(500, seed), network, RULES).network.nodes:
            first.setdefault(node.rule, network + 1)
    assert set(first) == set(RULES)
    assert max(first.values()) <= 9
    assert median(first.values()) <= 5


def test_a_network_depends_on_its_number_alone():
    whole, part = Recipe(500, 3), Recipe(20, 3)
    assert draw(whole, 5, RULES).id == draw(part, 5, RULES).id
    assert draw(whole, 5, RULES).id != draw(Recipe(500, 4), 5, RULES).id


@pytest.mark.slow
def test_a_failure_in_one_branch_is_made_as_small_as_a_network_of_that_rule():
    pytest.importorskip("flint")
    right = RULES["leaky_relu"]

    def half(saved, dy):
        return tuple(grad / 2 for grad in right.backward(saved, dy))

    table = {**RULES, "leaky_relu": Rule(right.forward, half)}
    recipe = Recipe(500, 0, oracles=("exact",))
    network = next(n for n in ONE_ROUND if "leaky_relu" in {x.rule for x in draw(recipe, n, RULES).network.nodes})
    case = draw(recipe, network, table)
    with np.errstate(all="ignore"):
        finding = diagnose(check_case(case, table, ("exact",)))
    assert finding is not None
    assert (finding.rule, finding.argument) == ("leaky_relu", "x")
    with without("jax", "torch"):
        small = shrunk(Failure(finding.bucket, case.to_json(), case.id, network), recipe, table)
    assert [(node.rule, dict(node.config)) for node in small.network.nodes] == [("leaky_relu", {})]
    assert sum(recipe.size for recipe in small.arrays.values()) <= 6


def test_a_branch_is_drawn_as_it_stands_in_the_network():
    recipe = Recipe(500, 0)
    parts = [draw_branch(each) for each in recipe.branches(2, RULES)]
    whole = draw(recipe, 2, RULES)
    assert sum(len(part.network.nodes) for part in parts) + len(parts) + 1 == len(whole.network.nodes)
