"""given_network and given_rule: Hypothesis tests of one's own, and the settings of a session that reach them."""

import numpy as np
import pytest

import backcheck
from backcheck.errors import BadInput
from backcheck.pytest_plugin.given import given_network, given_rule
from backcheck.session import DRAWS, PROFILES, Asked, among, asked, asking, draws_of
from backcheck.subjects.fuzz import verify_rule
from scratch_bp.rules import RULES, Rule


def drawn(decorator, name="test_mine"):
    """The cases that a test decorated so receives."""
    found = []

    def collect(case):
        found.append(case)

    collect.__qualname__ = name
    decorator(collect)()
    return found


def ids(*arguments, **more):
    return [case.id for case in drawn(*arguments, **more)]


def test_a_rule_is_drawn_alone_and_its_case_makes_its_arrays():
    for case in drawn(given_rule("softmax", dtypes=("float32",), draws=20)):
        assert [node.rule for node in case.network.nodes] == ["softmax"]
        arrays, dy = case.make()
        assert {array.dtype.name for array in (*arrays.values(), dy)} == {"float32"}


def test_networks_are_made_of_these_rules_and_no_more_nodes():
    cases = drawn(given_network(("dense", "relu", "mse"), max_nodes=3, draws=60))
    assert {node.rule for case in cases for node in case.network.nodes} == {"dense", "relu", "mse"}
    assert max(len(case.network.nodes) for case in cases) == 3


@pytest.mark.parametrize(("profile", "times"), PROFILES.items())
def test_the_profile_multiplies_the_usual_draws_only(profile, times):
    with asking(Asked(profile)):
        assert (draws_of(None), draws_of(None, 7), draws_of(30)) == (times * DRAWS, times * 7, 30)


@pytest.mark.parametrize("profile", ["pr", "nightly"])
def test_a_test_receives_as_many_cases_as_the_profile_says(profile):
    with asking(Asked(profile)):
        assert len(drawn(given_rule("dense"))) == PROFILES[profile] * DRAWS


def test_a_profile_draws_the_same_again_and_another_seed_others():
    first = ids(given_rule("dense", draws=30))
    assert ids(given_rule("dense", draws=30)) == first
    with asking(Asked("nightly", seed=5)):
        nightly = ids(given_rule("dense", draws=30))
        assert ids(given_rule("dense", draws=30)) == nightly
    assert nightly != first


def test_tests_made_in_a_loop_draw_each_their_own():
    assert ids(given_network(draws=30), name="test_a") != ids(given_network(draws=30), name="test_b")
    streams = [[c.cotangent for c in drawn(given_rule(name, draws=30))] for name in ("tanh", "sigmoid")]
    assert streams[0] != streams[1]


@pytest.mark.parametrize(("backward", "wrong"), [(lambda y, dy: dy * (1 - y * y), 0), (lambda y, dy: dy * (1 - y), 1)])
def test_a_test_of_cases_finds_a_wrong_rule_and_passes_a_right_one(backward, wrong):
    rule = Rule(RULES["tanh"].forward, lambda saved, dy: (backward(saved, dy),))
    failing = [case for case in drawn(given_rule("tanh", draws=30)) if checked(case, rule).disagreements]
    assert bool(failing) == wrong


def checked(case, rule):
    with np.errstate(all="ignore"):
        return backcheck.check(case.network, *case.make(), rules={**RULES, "tanh": rule}, oracles=("exact",))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: given_rule("sofmax"), "unknown rule 'sofmax', did you mean softmax"),
        (lambda: given_network(["dense", "sofmax"]), "unknown rule 'sofmax', did you mean softmax"),
        (lambda: given_rule("softmax", dtypes=("float8",)), "unknown dtype 'float8', did you mean float64"),
        (lambda: given_network(lambda case: None), "write @backcheck.given_network()"),
        (lambda: given_rule(lambda case: None), "given_rule takes a rule's name"),
        (lambda: given_network(max_nodes=0), "1 node or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, said):
    with pytest.raises(BadInput) as error:
        make()
    assert said in str(error.value)


def test_settings_nest_and_end():
    with asking(Asked(oracles=("exact", "torch"))):
        with asking(Asked(oracles=("exact",))):
            assert among(("torch", "exact")) == ("exact",)
        assert among(("torch", "jax", "exact")) == ("torch", "exact")
    assert asked() == Asked()
    assert among(("torch", "jax")) == ("torch", "jax")


def test_the_package_offers_both():
    assert (backcheck.given_network, backcheck.given_rule) == (given_network, given_rule)


SQUARE = (lambda x: (x * x, x), lambda x, dy: (2 * x * dy,))
X = np.array([0.5, -1.0])


def test_the_profile_reaches_verify_rule(monkeypatch):
    monkeypatch.setattr(verify_rule, "USUAL_DRAWS", 10)
    usual = backcheck.verify_rule(SQUARE, "n d")
    with asking(Asked("nightly", seed=3)):
        more = backcheck.verify_rule(SQUARE, "n d")
        own = backcheck.verify_rule(SQUARE, "n d", draws=4, seed=0)
    assert own.cases <= 4 < usual.cases <= 10 < more.cases <= 50
    assert {record.case for record in usual.records} - {record.case for record in more.records}


def test_the_oracles_reach_every_check():
    with asking(Asked(oracles=("torch", "differences"))):
        check = backcheck.check_vjp(*SQUARE, X, torch=lambda x: x * x, jax=lambda x: x * x)
        like = backcheck.verify_like("square", *SQUARE, draws=3)
    for outcome in (check, like):
        assert {record.party for record in outcome.records} - {"contract"} == {"numpy", "torch", "differences"}
