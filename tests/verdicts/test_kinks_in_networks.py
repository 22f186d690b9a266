"""Ties and corners inside chains: each node has to take a convention of its own function, in floats too."""

import numpy as np
import pytest

from backcheck.diagnosis.locate import diagnose
from backcheck.verdicts.check import check
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule

A, CORNERS, TIES = np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0]), np.array([2.0, 2.0, 1.0])


def in_floats(wrong, right):
    """A backward that is wrong on floats alone, where a tie is found by another comparison than on exact numbers."""
    return lambda saved, dy: (right if dy.dtype == object else wrong)(saved, dy)


def larger(a, b):
    return np.maximum(a, b), (a, b)


def whole_for_both(saved, dy):
    a, b = saved
    return dy * (a >= b), dy * (b >= a)


def halves(saved, dy):
    a, b = saved
    half = 0.5 * (a == b)
    return dy * ((a > b) + half), dy * ((b > a) + half)


def to_the_first(saved, dy):
    a, b = saved
    return dy * (a >= b), dy * (b > a)


def to_the_second(saved, dy):
    a, b = saved
    return dy * (a > b), dy * (b >= a)


def part_of_the_first(saved, dy):
    return 0.3 * to_the_first(saved, dy)[0], to_the_first(saved, dy)[1]


def rectified(x):
    return np.maximum(x, 0 * x), x


def corner(slope):
    return lambda x, dy: (dy * (1.0 * (x > 0) + slope * (x == 0)),)


def absolute(x):
    return abs(x), x


def sign(slope):
    return lambda x, dy: (dy * (1.0 * (x > 0) - 1.0 * (x < 0) + slope * (x == 0)),)


def highest(x):
    return x.max(), (x, x.max())


def to_all(saved, dy):
    x, y = saved
    return (dy * (x == y),)


def evenly(saved, dy):
    x, y = saved
    return (dy * (x == y) / (x == y).sum(),)


def to_first_of_all(saved, dy):
    x, _ = saved
    return (dy * (np.arange(x.size) == x.argmax()),)


TWO = (
    Node("h", "identity", ("a",)),
    Node("g", "identity", ("b",)),
    Node("m", "maximum", ("h", "g")),
    Node("y", "tanh", ("m",)),
)
SAME = (Node("h", "identity", ("a",)), Node("m", "maximum", ("h", "a")), Node("y", "tanh", ("m",)))


def around(rule):
    return Node("h", "tanh", ("a",)), Node("m", rule, ("h",)), Node("y", "exp", ("m",))


OF_BOTH, OF_ONE = {"a": A, "b": A}, {"a": A}
RIGHT = {
    **{f"maximum, {b.__name__}": ("maximum", larger, b, TWO, OF_BOTH) for b in (halves, to_the_first, to_the_second)},
    **{f"of itself, {b.__name__}": ("maximum", larger, b, SAME, OF_ONE) for b in (halves, to_the_first)},
    **{f"relu'(0) = {s}": ("relu", rectified, corner(s), around("relu"), {"a": CORNERS}) for s in (0.0, 0.5, 1.0)},
    **{f"relu'(0) = {s}, all": ("relu", rectified, corner(s), around("relu"), {"a": 0 * A}) for s in (0.0, 0.5, 1.0)},
    **{f"abs'(0) = {s}": ("abs", absolute, sign(s), around("abs"), {"a": CORNERS}) for s in (0.0, 1.0, -1.0)},
    **{f"max, {b.__name__}": ("amax", highest, b, around("amax"), {"a": TIES}) for b in (evenly, to_first_of_all)},
}
WRONG = {
    "both": ("maximum", larger, whole_for_both, TWO, OF_BOTH),
    "both, in floats": ("maximum", larger, in_floats(whole_for_both, to_the_first), TWO, OF_BOTH),
    "both of itself, in floats": ("maximum", larger, in_floats(whole_for_both, to_the_first), SAME, OF_ONE),
    "a part, in floats": ("maximum", larger, in_floats(part_of_the_first, to_the_first), TWO, OF_BOTH),
    "relu'(0) = -7": ("relu", rectified, corner(-7.0), around("relu"), {"a": CORNERS}),
    "relu'(0) = 1.5, in floats": (
        "relu",
        rectified,
        in_floats(corner(1.5), corner(1.0)),
        around("relu"),
        {"a": CORNERS},
    ),
    "abs'(0) = 2, in floats": ("abs", absolute, in_floats(sign(2.0), sign(0.0)), around("abs"), {"a": CORNERS}),
    "all of max": ("amax", highest, to_all, around("amax"), {"a": TIES}),
    "all of max, in floats": ("amax", highest, in_floats(to_all, to_first_of_all), around("amax"), {"a": TIES}),
}


def checked(rule, forward, backward, nodes, arrays):
    network = Network({name: ArraySpec(array.shape) for name, array in arrays.items()}, nodes, "y")
    rules = {**RULES, rule: Rule(forward, backward)}
    return check(network, {name: array.copy() for name, array in arrays.items()}, rules=rules, oracles=("exact",))


@pytest.mark.parametrize("name", RIGHT)
def test_a_convention_inside_of_a_network_is_no_fault(name):
    assert checked(*RIGHT[name]).disagreements == ()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_convention_is_a_fault_of_its_node(name):
    found = checked(*WRONG[name])
    finding = diagnose(found)
    assert finding is not None, found.measures
    assert finding.rule == WRONG[name][0], finding


def test_right_conventions_may_be_none_of_the_whole():
    """relu(x) - relu(0 - x) is x, whose slope is 1; with relu'(0) = 0 on both sides it is 0."""
    nodes = (
        *(Node("n", "subtract", ("zero", "a")), Node("p", "relu", ("a",))),
        *(Node("q", "relu", ("n",)), Node("y", "subtract", ("p", "q"))),
    )
    for slope in (0.0, 0.5, 1.0):
        found = checked("relu", rectified, corner(slope), nodes, {"a": CORNERS, "zero": 0 * A})
        assert found.disagreements == ()


def test_a_corner_that_rounding_decides_on_the_way_is_no_fault_of_the_weight_behind_it():
    """Of two entries a layer norm makes a and -a, so that linear1 with equal weights gives 0: the ReLU is at its corner
    for every x, floats are a little above it or below, and the weight behind it has a gradient of that size. What
    rounding may do to that is not seen by moving this weight alone: no move of it leaves the corner."""
    arrays = {
        "src": [[[1.127223895301344, 0.028641299033556045]], [[0.09730546138916073, 0.11942693891664122]],
                [[0.00011402779128509966, 0.02685005042310513]]],
        "in_proj_weight": [[1.0, 2.0], [-2.0, -2.0], [1.0, -2.0], [3.0, 1.0], [-2.0, -3.0], [-3.0, 1.0]],
        "in_proj_bias": np.zeros(6), "out_proj_weight": [[0.0, -2.0], [-2.0, -1.0]], "out_proj_bias": np.zeros(2),
        "linear1_weight": [[3.0, 3.0]], "linear1_bias": np.zeros(1), "linear2_weight": [[0.0], [-3.0]],
        "linear2_bias": np.zeros(2), "norm1_weight": np.ones(2), "norm1_bias": np.zeros(2),
        "norm2_weight": np.ones(2), "norm2_bias": np.zeros(2),
    }  # fmt: skip
    arrays = {name: np.array(each, dtype=float) for name, each in arrays.items()}
    specs = {name: ArraySpec(each.shape, "parameter") for name, each in arrays.items()}
    node = Node("y", "transformer_encoder_layer", tuple(arrays), {"nhead": 2})
    dy = np.array([[[0.1307349672829481, 1.713627531640669]], [[-0.11636090657240171, 1.7408405489821335]],
                   [[0.0, 0.8942276945891788]]])  # fmt: skip
    found = check(Network(specs, (node,), "y"), arrays, dy, oracles=("exact",))
    assert not found.disagreements


def encoder_at_its_corners(rules=RULES):
    """Of equal entries a layer norm makes zeros, so that all ReLUs of the layer are at their corner at once."""
    rng = np.random.default_rng(0)
    shapes = {"in_proj_weight": (6, 2), "out_proj_weight": (2, 2), "linear1_weight": (3, 2), "linear2_weight": (2, 3)}
    weights = {name: rng.integers(-3, 4, shape).astype(float) for name, shape in shapes.items()}
    arrays = {"src": np.full((1, 1, 2), 0.5)}
    for name, size in {"in_proj": 6, "out_proj": 2, "linear1": 3, "linear2": 2}.items():
        arrays |= {f"{name}_weight": weights[f"{name}_weight"], f"{name}_bias": np.zeros(size)}
    for name in ("norm1", "norm2"):
        arrays |= {f"{name}_weight": np.ones(2), f"{name}_bias": np.zeros(2)}
    specs = {name: ArraySpec(each.shape, "parameter") for name, each in arrays.items()}
    node = Node("y", "transformer_encoder_layer", tuple(arrays), {"nhead": 1, "norm_first": True})
    dy = rng.integers(-2, 3, (1, 1, 2)).astype(float)
    return check(Network(specs, (node,), "y"), arrays, dy, oracles=("exact",), rules=rules)


def test_units_within_a_rule_that_are_all_at_their_corner_are_not_judged():
    """Each takes the slope 0 there, as PyTorch's do, and put together that is no slope of the whole layer."""
    found = encoder_at_its_corners()
    assert not found.disagreements
    said = [m.reason for (_, party), m in found.measures.items() if party in ("numpy", "exact")]
    assert all("the ReLUs within it are at their corner" in reason for reason in said), said


def test_a_wrong_rule_is_not_excused_by_its_corners():
    own = RULES["transformer_encoder_layer"]
    twice = Rule(own.forward, lambda saved, dy: tuple(2 * grad for grad in own.backward(saved, dy)))
    found = encoder_at_its_corners({**RULES, "transformer_encoder_layer": twice})
    assert found.disagreements
