"""Automatic mutants of the rules: drawn with a seed, judged by networks, and told from the rule itself."""

import pickle

import pytest

pytest.importorskip("flint")
pytest.importorskip("libcst")
pytest.importorskip("mutmut")

from backcheck.campaign.power.mutant_hunt import equal_to_the_rule, fate_of
from backcheck.campaign.power.mutants import MutantPatch, mutants
from backcheck.campaign.power.stream import drawn
from backcheck.campaign.recipe import Recipe
from scratch_bp.rules import RULES

RECIPE = Recipe(60, 0, oracles=("exact",))


@pytest.fixture(scope="module")
def of_tanh():
    """All mutants of one small rule, by what they change."""
    found = mutants(10_000, 0, ("tanh",))
    return {each.line.partition(", ")[2]: each for each in found if isinstance(each.patch, MutantPatch)}


def test_one_seed_draws_the_same_and_each_is_another_text(of_tanh):
    some = mutants(12, 0, ("tanh",))
    assert [each.name for each in some] == [each.name for each in mutants(12, 0, ("tanh",))]
    assert pickle.loads(pickle.dumps(some))[0].name == some[0].name
    assert len({each.patch.edit.text for each in of_tanh.values()}) == len(of_tanh)


def test_the_operators_take_turns():
    found = mutants(10, 0, ("tanh",))
    operators = [each.patch.edit.operator for each in found]
    assert len(set(operators)) == min(len(operators), len(set(operators[:8])))


def test_a_mutant_is_shown_by_a_network_of_its_rule_and_the_rule_stays_as_it_is(of_tanh):
    mutant = of_tanh["swap op: return (dy * (1 - y * y),)  ->  return (dy * (1 + y * y),)"]
    found = fate_of(mutant, RECIPE)
    assert (found.networks, found.raised, found.same, found.crash) == (2, False, "", "") or found.networks <= 5
    assert RULES["tanh"].backward.__module__ == "scratch_bp.rules.activations.tanh"
    assert not fate_of(of_tanh["swap op: return (dy * (1 - y * y),)  ->  return (dy / (1 - y * y),)"], RECIPE).crash


def test_one_that_raises_is_counted_apart(of_tanh):
    raising = next(each for line, each in of_tanh.items() if line.endswith("y = np.tanh(None)"))
    assert fate_of(raising, RECIPE).raised


def test_the_rule_in_other_words_is_seen_to_be_the_same():
    networks = [
        each for each, _ in zip(drawn(Recipe(60, 0, ("square",), oracles=("exact",)), 0), range(6), strict=False)
    ]
    right = RULES["square"]
    assert equal_to_the_rule("square", right._replace(backward=lambda x, dy: (dy * x + x * dy,)), networks)
    assert not equal_to_the_rule("square", right._replace(backward=lambda x, dy: (dy * x + x,)), networks)
    assert not equal_to_the_rule("square", right._replace(forward=lambda x: (x * x + 1e-60, x)), networks)
