"""What the drawn networks cover: every rule, every choice of its options, every pair that can stand side by side."""

import itertools
from collections.abc import Iterator
from functools import cache

import pytest

from backcheck.campaign.coverage import neighbours, never_drawn, tally
from backcheck.campaign.recipe import Recipe, cases_of_shard
from backcheck.strategies.candidates import menu_of
from backcheck.strategies.case import Case
from backcheck.strategies.catalogue import CATALOGUE, signature_of
from backcheck.strategies.networks import add_first
from backcheck.strategies.pairs import Wish, openings, wish
from scratch_bp.rules import RULES

NAMES = tuple(RULES)
LAYERS = tuple(name for name in NAMES if not signature_of(name).is_loss)
FEW = ("tanh", "sum", "layer_norm", "max_pool1d", "log", "mse")


@cache
def possible(rules: tuple[str, ...] = NAMES) -> set[Wish]:
    """The pairs of which the second can read what the first gives, on some input with some options."""
    menu = menu_of(rules, RULES, CATALOGUE)
    pairs = (Wish(first, then) for first in rules if first in LAYERS for then in rules)
    return {pair for pair in pairs if openings(menu, pair, add_first)}


def cases_of_a_run(networks: int, rules: tuple[str, ...] = ()) -> Iterator[Case]:
    recipe = Recipe(networks=networks, rules=rules)
    return itertools.chain.from_iterable(cases_of_shard(recipe, shard, RULES) for shard in recipe.shards)


def test_wishes_run_through_all_pairs_once():
    pairs = [wish(number, "ab", "abc") for number in range(100, 106)]
    assert len(set(pairs)) == 6
    assert set(pairs) == {Wish(first, then) for first in "ab" for then in "abc"}


def test_some_pairs_are_possible_and_some_are_not():
    assert {Wish("tanh", "mse"), Wish("sum", "tanh"), Wish("log", "tanh"), Wish("max_pool1d", "sum")} <= possible(FEW)
    # of what a network computes nobody can promise that it is positive
    assert not possible(FEW) & {Wish("tanh", "log"), Wish("log", "log")}


def test_every_pair_of_a_few_rules_is_drawn_in_as_many_networks_as_there_are_pairs():
    found = set()
    for case in cases_of_a_run(50, FEW):
        found |= {Wish(*pair) for pair in neighbours(case.network)}
    assert possible(FEW) <= found


def test_a_loss_that_can_follow_no_rule_is_drawn_by_itself():
    assert not {pair for pair in possible(("tanh", "log", "bce")) if pair.then == "bce"}
    found = tally(cases_of_a_run(60, ("tanh", "log", "bce")))
    assert found["bce"].nodes > 10


def test_a_pair_that_is_wished_for_is_what_the_output_hangs_on():
    for case in cases_of_a_run(50):
        network = case.network
        used = {network.output.partition(".")[0]}
        for node in reversed(network.nodes):
            if node.name in used:
                used.update(name.partition(".")[0] for name in node.reads)
        assert {node.name for node in network.nodes[:2]} <= used or len(network.nodes) == 1


def test_the_tally_counts_what_it_is_given():
    cases = list(cases_of_a_run(40, ("tanh", "softmax")))
    found = tally(cases)
    nodes = [node for case in cases for node in case.network.nodes]
    assert found["softmax"].nodes == sum(node.rule == "softmax" for node in nodes)
    assert sum(found["softmax"].dtypes.values()) == found["softmax"].nodes
    # a network leaves out an option at its default, and the tally does not
    assert sum(found["softmax"].options["dim"].values()) == found["softmax"].nodes
    assert found["softmax"].before["tanh"] == found["tanh"].after["softmax"] > 0
    assert found["relu"].nodes == 0
    assert never_drawn("leaky_relu", found["leaky_relu"]) == {"negative_slope": ("0.01", "0.25", "1.5", "-0.5")}


@pytest.mark.slow
def test_twenty_thousand_networks_draw_every_rule_choice_dtype_and_pair():
    found = tally(cases_of_a_run(20_000))
    assert [name for name in NAMES if not found[name].nodes] == []
    assert {name: missed for name in NAMES if (missed := never_drawn(name, found[name]))} == {}
    assert {name for name in NAMES if len(found[name].dtypes) < 2} == set()
    reached = {Wish(name, then) for name in NAMES for then in found[name].after}
    assert possible() - reached == set()
