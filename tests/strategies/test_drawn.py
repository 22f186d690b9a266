"""What is drawn runs, is the same for the same seed, and reaches every case that is known to hide a fault."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from backcheck.strategies.arrays import PROFILES, make
from backcheck.strategies.case import Case, shapes_of
from backcheck.strategies.case_strategies import cases, cases_of, networks, recipes
from backcheck.strategies.catalogue import CATALOGUE, signature_of
from scratch_bp.rules import LAYERS, LOSSES, RULES
from tests.strategies.conftest import SOME

UNARY = ("tanh", "relu", "gelu", "silu", "sigmoid", "softplus", "identity")
RULE_SETS = [[name] for name in CATALOGUE] + [["relu", "mse"], ["dense", "cross_entropy"], ["add", "softmax", "huber"]]


def reads(case: Case) -> Counter:
    return Counter(name for node in case.network.nodes for name in node.reads)


def nodes_of(case: Case, *rules: str) -> list:
    return [node for node in case.network.nodes if node.rule in rules]


def operands(case: Case) -> list[tuple]:
    """The shapes that each add and multiply puts together."""
    nodes = nodes_of(case, "add", "multiply")
    shapes = shapes_of(case.network) if nodes else {}
    return [tuple(shapes[name] for name in node.reads) for node in nodes]


def shorter(one: tuple, other: tuple) -> bool:
    return len(one) < len(other)


def flatter(one: tuple, other: tuple) -> bool:
    return len(one) == len(other) and any(n == 1 < m for n, m in zip(one, other, strict=True))


def x_shape(case: Case) -> tuple:
    return case.network.arrays["x"].shape


def weights(case: Case) -> list[tuple]:
    return [case.network.arrays[n.reads[1]].shape for n in nodes_of(case, "dense") if n.reads[1] in case.network.arrays]


def is_loss(case: Case) -> bool:
    return case.network.nodes[-1].rule in LOSSES


def used_twice(case: Case) -> list[str]:
    """The parameters that are read more than once."""
    specs = case.network.arrays
    return [name for name, n in reads(case).items() if n > 1 and name in specs and specs[name].role == "parameter"]


def fans_out(case: Case) -> bool:
    nodes = case.network.nodes
    return any(sum(value.name in node.reads for node in nodes) > 1 for value in nodes)


def has_dead_node(case: Case) -> bool:
    return any(node.name not in reads(case) for node in case.network.nodes if node.name != case.network.output)


def has_ties(case: Case) -> bool:
    x = case.make()[0]["x"]
    return x.ndim > 1 and any(len(set(row)) < row.size for row in x.reshape(-1, x.shape[-1]))


def plain(case: Case, name: str, value: float) -> bool:
    return any((make(case.arrays[a], "float64") == value).all() for a in case.arrays if a.startswith(name))


# at least this many of 1,000 cases
WANTED = {
    "one node": (100, lambda c: len(c.network.nodes) == 1),
    "six nodes or more": (100, lambda c: len(c.network.nodes) > 5),
    "batch 1": (100, lambda c: len(x_shape(c)) > 1 and x_shape(c)[0] == 1),
    "batch above 1": (400, lambda c: len(x_shape(c)) > 1 and x_shape(c)[0] > 1),
    "width 1": (60, lambda c: x_shape(c)[-1] == 1),
    "width above 1": (600, lambda c: x_shape(c)[-1] > 1),
    "an input of one axis": (100, lambda c: len(x_shape(c)) == 1),
    "an input of three axes": (100, lambda c: len(x_shape(c)) == 3),
    "a square weight": (50, lambda c: any(a == b > 1 for a, b in weights(c))),
    "a weight that is not square": (100, lambda c: any(a != b for a, b in weights(c))),
    "dense with a bias": (90, lambda c: any(len(node.reads) == 3 for node in nodes_of(c, "dense"))),
    "dense without a bias": (50, lambda c: any(len(node.reads) == 2 for node in nodes_of(c, "dense"))),
    "a weight used twice": (10, lambda c: any(name.startswith("w") for name in used_twice(c))),
    "a parameter used twice": (50, used_twice),
    "x read twice": (50, lambda c: reads(c)["x"] > 1),
    "x read once": (400, lambda c: reads(c)["x"] == 1),
    "a value read by two nodes": (50, fans_out),
    "a node that reads a value twice": (50, lambda c: any(len(set(n.reads)) < len(n.reads) for n in c.network.nodes)),
    "a weight that is a computed value": (2, lambda c: any(n.reads[1][0] == "h" for n in nodes_of(c, "dense"))),
    "an elementwise rule on a parameter": (5, lambda c: any(n.reads[0][0] not in "xh" for n in nodes_of(c, *UNARY))),
    "a left operand with fewer axes": (5, lambda c: any(shorter(a, b) for a, b in operands(c))),
    "a right operand with fewer axes": (20, lambda c: any(shorter(b, a) for a, b in operands(c))),
    "a left operand with an axis of 1": (5, lambda c: any(flatter(a, b) for a, b in operands(c))),
    "a right operand with an axis of 1": (20, lambda c: any(flatter(b, a) for a, b in operands(c))),
    "operands of equal shape": (100, lambda c: any(a == b for a, b in operands(c))),
    "a loss": (300, is_loss),
    "no loss": (300, lambda c: not is_loss(c)),
    "a loss that is not the mean": (100, lambda c: is_loss(c) and "reduction" in c.network.nodes[-1].config),
    "a node that does not reach the output": (5, has_dead_node),
    "an array that nobody reads": (5, lambda c: any(name not in reads(c) for name in c.network.arrays)),
    "no option set": (100, lambda c: not any(node.config for node in c.network.nodes)),
    "some option set": (300, lambda c: any(node.config for node in c.network.nodes)),
    "gamma of ones": (10, lambda c: plain(c, "gamma", 1)),
    "beta of zeros": (10, lambda c: plain(c, "beta", 0)),
    "gamma of something else": (50, lambda c: "gamma1" in c.arrays and not plain(c, "gamma1", 1)),
    "ties within a row": (200, has_ties),
    "rows without ties": (200, lambda c: not has_ties(c)),
    "arrays entry by entry": (300, lambda c: c.arrays["x"].values is not None),
    "arrays by seed": (300, lambda c: c.arrays["x"].values is None),
    "a scaled weight": (20, lambda c: any(recipe.scale != 1 for recipe in c.arrays.values())),
    "single entries replaced": (100, lambda c: any(recipe.overrides for recipe in c.arrays.values())),
    "a cotangent of ones": (5, lambda c: bool((c.make()[1] == 1).all())),
    "a cotangent of zeros": (2, lambda c: not c.make()[1].any()),
    "a cotangent that varies": (300, lambda c: len(set(c.make()[1].flat)) > 1),
}


@pytest.mark.parametrize("wanted", WANTED)
def test_wanted_cases_are_common_enough(drawn, wanted):
    at_least, holds = WANTED[wanted]
    assert sum(map(bool, map(holds, drawn))) / len(drawn) * 1000 >= at_least


def test_every_drawn_case_runs_and_its_gradients_fit(drawn, run_case):
    for case in drawn:
        arrays, dy, output, grads = run_case(case)
        assert np.shape(output) == dy.shape
        assert {name: grad.shape for name, grad in grads.items()} == {
            name: arrays[name].shape for name in case.network.differentiable
        }
        assert all(array.dtype.name in (case.dtype, "int64") for array in arrays.values())


def test_most_cases_say_something(drawn, run_case):
    gradients = [run_case(case)[3].values() for case in drawn[:1000]]
    finite = [all(np.isfinite(grad).all() for grad in grads) for grads in gradients]
    silent = [not any(np.any(grad) for grad in grads) for grads in gradients]
    assert np.mean(finite) > 0.95
    assert np.mean(silent) < 0.2


@pytest.mark.parametrize("name", SOME)
def test_every_rule_and_every_choice_of_every_option_is_drawn(drawn, name):
    nodes = [node for case in drawn for node in nodes_of(case, name)]
    assert len(nodes) > 50
    defaults = signature_of(name).defaults
    fixed = {option: choices for option, choices in CATALOGUE[name].config.items() if not callable(choices)}
    for option, choices in fixed.items():
        assert {node.config.get(option, defaults[option]) for node in nodes} == set(choices)


def test_nearly_every_pair_of_adjacent_rules_is_drawn(draw_many):
    drawn = draw_many(cases(SOME), 4000)  # networks that say something are short; a run wishes for pairs besides
    pairs = set()
    for case in drawn:
        rules = {node.name: node.rule for node in case.network.nodes}
        pairs |= {(rules[name], node.rule) for node in case.network.nodes for name in node.reads if name in rules}
    possible = set(product(LAYERS, RULES)) & set(product(SOME, SOME))
    assert len(pairs & possible) > 0.9 * len(possible)


def test_every_profile_is_drawn_and_the_extreme_ones_seldom(drawn):
    count = Counter(case.profile for case in drawn)
    assert set(PROFILES) - {"ones"} <= set(count)
    assert count["mixed"]
    assert 0.05 < sum(count[name] for name in ("wide", "saturating", "subnormal")) / len(drawn) < 0.25
    assert {case.dtype for case in drawn} == {"float64", "float32"}


def test_cotangents_are_seldom_all_zero_or_all_ones(drawn):
    cotangents = [case.make()[1] for case in drawn]
    assert np.mean([not dy.any() for dy in cotangents]) < 0.05
    assert np.mean([bool((dy == 1).all()) for dy in cotangents]) < 0.15


def test_the_same_seed_draws_the_same_cases_and_another_seed_others(draw_many):
    first, again, other = (draw_many(cases(), 200, number) for number in (5, 5, 6))
    assert [case.id for case in first] == [case.id for case in again]
    assert len({case.id for case in first} & {case.id for case in other}) < 20


def test_few_cases_are_drawn_twice(drawn):
    # with choices that Hypothesis may copy over one another it is one in three: see backcheck/strategies/choice.py
    assert len({case.id for case in drawn}) > 0.95 * len(drawn)


@pytest.mark.parametrize("rules", RULE_SETS, ids="-".join)
def test_networks_of_chosen_rules_hold_these_and_run(rules, draw_many, run_case):
    found = draw_many(cases(rules), 15 if len(rules) == 1 else 40)  # one rule is in every network
    assert {node.rule for case in found for node in case.network.nodes} == set(rules)
    for case in found:
        run_case(case)


@pytest.mark.parametrize("max_nodes", [1, 2, 4])
def test_networks_keep_to_the_size_asked_for(max_nodes, draw_many):
    sizes = [len(network.nodes) for network in draw_many(networks(max_nodes=max_nodes), 200)]
    assert (min(sizes), max(sizes)) == (1, max_nodes)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_cases_run_and_are_finite(dtype, draw_many, run_case):
    pytest.importorskip("ml_dtypes")
    for case in draw_many(cases(dtypes=[dtype]), 200):
        arrays, _, _, _ = run_case(case)
        assert all(np.isfinite(array.astype(np.float64)).all() for array in arrays.values())


@pytest.mark.parametrize("profile", PROFILES)
def test_chosen_profiles_are_kept_to(profile, draw_many):
    assert {case.profile for case in draw_many(cases(profiles=[profile]), 100)} <= {profile, "zeros", "ones"}


def test_cases_of_a_given_network_leave_the_network_alone(drawn, draw_many):
    network = drawn[-1].network
    assert all(case.network == network for case in draw_many(cases_of(network), 30))


def test_recipes_of_one_array(draw_many):
    for shape, classes in [((2, 3), None), ((20, 20), None), ((), None), ((4,), 3)]:
        found = draw_many(recipes(shape, classes=classes), 60)
        assert {recipe.shape for recipe in found} == {shape}
        assert len({make(recipe, "float64").tobytes() for recipe in found}) > 20
