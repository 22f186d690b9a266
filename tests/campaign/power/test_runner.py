"""The hunt itself: what is found is counted in the whole stream, and what is right is not found."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from backcheck.campaign.power import runner
from backcheck.campaign.power.catalogue import CATALOGUE
from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.optimiser_steps import TWINS, differs, drawn
from backcheck.campaign.power.patches import SourceChange, Wrapped
from backcheck.campaign.power.runner import measured, outcome
from backcheck.campaign.power.stream import StreamCase, with_rule
from backcheck.campaign.power.stream import drawn as networks
from backcheck.campaign.power.summary import PowerSummary, lines, one_of_each_kind
from backcheck.campaign.recipe import Recipe
from backcheck.diagnosis.locate import REVERSE_PASS
from backcheck.processes.pool import Pool
from backcheck.processes.worker import CaseLimits
from backcheck.strategies.case import Case
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.optimisers import OPTIMISERS
from scratch_bp.rules import RULES, Rule

ORACLES = ("differences", "exact")
X = np.array([[0.5, -1.25], [2.0, 0.75]])


def case(*rules):
    """A chain of these rules on X."""
    names = [f"h{n}" for n in range(len(rules))]
    nodes = [Node(name, rule, (before,)) for name, rule, before in zip(names, rules, ["x", *names], strict=False)]
    return Case.of(Network({"x": ArraySpec(X.shape)}, tuple(nodes), names[-1]), {"x": X}, 0.5 + X, "float64")


def stream(*chains, promises=False):
    return [StreamCase(n, frozenset(chain), promises, case(*chain)) for n, chain in enumerate(chains)]


def fault(rule, old, new, **more):
    return PlantedFault(name=f"{rule}: planted", rule=rule, kind="factor", patch=SourceChange(old, new), **more)


HALF = fault("square", "2 * x * dy", "x * dy", tensors=("x",))
CHAINS = stream(("tanh",), ("sigmoid", "tanh"), ("square",), ("tanh", "square"))


def test_networks_are_counted_in_the_whole_stream():
    found = outcome(HALF, with_rule(CHAINS, "square"), oracles=ORACLES)
    assert (found.networks, found.judged) == (3, 1)
    assert (found.named.rule, found.named.tensor, found.named.kind) == ("square", "x", "factor")
    assert found.named.right_rule
    assert found.named.right_tensor
    assert found.named.right_kind
    assert not found.named.untrue


def test_a_rule_in_other_words_survives():
    same = fault("square", "2 * x * dy", "x * dy * 2")
    found = outcome(same, with_rule(CHAINS, "square"), oracles=ORACLES)
    assert (found.caught, found.judged, found.crash) == (False, 2, "")


def wrong_exp(right: Rule) -> Rule:
    return Rule(right.forward, lambda y, dy: (2 * dy * y,))


def test_what_fails_without_the_fault_shows_nothing():
    """Another rule is wrong at every network: the fault that changes nothing is not found by that."""
    table = {**RULES, "tanh": wrong_exp(RULES["tanh"])}
    same = fault("square", "2 * x * dy", "x * dy * 2")
    assert not outcome(same, stream(("square", "tanh")), table, ORACLES).caught
    assert outcome(same, stream(("square",)), table, ORACLES).judged == 1


def test_a_rule_that_raises_is_found_and_breaks_nothing():
    raising = fault("square", "2 * x * dy", "1 / 0")
    found = outcome(raising, with_rule(CHAINS, "square"), oracles=ORACLES)
    assert found.caught
    assert not found.crash


def test_a_broken_promise_is_found_where_a_run_looks_at_promises():
    shared = next(each for each in CATALOGUE if each.name == "identity: dy itself")
    assert not outcome(shared, stream(("identity",)), oracles=ORACLES).caught
    found = outcome(shared, stream(("identity",), promises=True), oracles=ORACLES)
    assert found.named.tensor == "aliases"
    assert found.named.right_kind


def test_a_fault_of_the_reverse_pass_needs_a_value_that_is_read_twice():
    twice = Network({"x": ArraySpec(X.shape)}, (Node("a", "square", ("x",)), Node("y", "multiply", ("a", "x"))), "y")
    each = StreamCase(7, frozenset(("square", "multiply")), False, Case.of(twice, {"x": X}, X + 3, "float64"))
    overwritten = next(f for f in CATALOGUE if f.rule == REVERSE_PASS)
    assert with_rule([*CHAINS, each], REVERSE_PASS) == [each]
    found = outcome(overwritten, [each], oracles=ORACLES)
    assert (found.networks, found.named.rule) == (8, REVERSE_PASS)


def test_the_promises_of_the_stream_are_those_of_a_run():
    """A run looks at them in the first three networks of each rule that are not all zeros."""
    drawn_cases = list(networks(Recipe(30, 0, rules=("tanh",)), 0))
    assert drawn_cases[0].promises
    assert not drawn_cases[-1].promises


@cache
def quick():
    """One fault of each kind, with few networks of its rule, as `--quick` has them, without the kinds that are slow."""
    faults = [each for each in one_of_each_kind(CATALOGUE) if each.kind in ("factor", "sign", "tie", "aliasing")]
    recipe = Recipe(30, 0, oracles=ORACLES)
    return PowerSummary(tuple(runner.of_rule_alone(each, recipe) for each in faults), 30, own=True)


def test_faults_are_hunted_with_networks_of_their_rule_alone():
    assert not quick().survivors
    assert "of its rule alone" in "\n".join(lines(quick()))


def test_a_summary_puts_survivors_first_and_counts_them_as_late():
    alive = replace(quick().outcomes[0], networks=None, judged=4, named=None)
    found = PowerSummary((*quick().outcomes, *[alive] * 20), 30)
    assert lines(found)[0].startswith(f"NOT CAUGHT  {alive.fault.name}: 4 networks had its rule")
    assert "more than 30" in "\n".join(lines(found))
    assert found.soon[1] > 30


@pytest.mark.parametrize("name", TWINS)
def test_a_right_optimiser_is_pytorch_s(name):
    pytest.importorskip("torch")
    for number in range(3 * len(TWINS)):
        steps = drawn(0, number)
        assert steps.optimiser != name or not differs(OPTIMISERS[name], steps)


def endless(right: Rule) -> Rule:
    def backward(saved, dy):
        while True:
            pass

    return Rule(right.forward, backward)


@pytest.mark.slow
def test_a_fault_that_does_not_end_ends_no_run():
    forever = PlantedFault(name="square: forever", rule="square", kind="mutant", patch=Wrapped(endless))
    recipe = Recipe(4, 0, oracles=ORACLES)
    with Pool(1, CaseLimits(seconds=3)) as pool:
        first, second = measured([forever, HALF], CHAINS, pool, recipe)
    assert "not within 3 s" in first.crash
    assert not first.caught
    assert second.caught


SAID_FALSELY = (
    *("add: not summed", "permute: the same order again", "selu: alpha with four digits", "selu: the scale left out"),
    *("softshrink: dy passed through", "cross_entropy: not divided"),
)


@pytest.mark.parametrize("name", SAID_FALSELY)
def test_what_is_said_beside_kinks_and_of_shapes_is_true(name):
    """Each of these was once called a false sentence, or was one."""
    fault = next(each for each in CATALOGUE if each.name == name)
    found = runner.of_rule_alone(fault, Recipe(50, 0, oracles=ORACLES))
    assert found.named.sentence
    assert not found.named.untrue
    assert not found.named.sentence.startswith("got backward")
