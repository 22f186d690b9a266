"""A case is its content: the same arrays are the same case however they were made, and JSON changes nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from backcheck.float_format import FORMATS
from backcheck.strategies.arrays import PROFILES, ArrayRecipe, make
from backcheck.strategies.case import Case, CaseError, draw_as_text
from backcheck.strategies.case_strategies import cases
from scratch_bp.network import ArraySpec, Network, Node

NETWORK = Network(
    {"x": ArraySpec((2, 3), "input"), "w1": ArraySpec((3, 2)), "target": ArraySpec((2,), "target", classes=2)},
    (Node("h1", "dense", ("x", "w1")), Node("h2", "cross_entropy", ("h1", "target"), {"reduction": "sum"})),
    "h2",
)


def case_of(profile: str = "normal", dtype: str = "float64") -> Case:
    arrays = {
        "x": ArrayRecipe((2, 3), profile, seed=1, overrides=((0, -0.0),)),
        "w1": ArrayRecipe((3, 2), profile, seed=2),
        "target": ArrayRecipe((2,), "classes", values=(1.0, 0.0), classes=2),
    }
    return Case(NETWORK, arrays, ArrayRecipe((), "normal", seed=3), dtype)


def through_json(case: Case) -> Case:
    return Case.from_json(json.loads(json.dumps(case.to_json(), allow_nan=False)))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("profile", PROFILES)
def test_json_brings_back_the_same_case(profile, dtype):
    pytest.importorskip("ml_dtypes")
    case = case_of(profile, dtype)
    assert through_json(case) == case
    assert through_json(case).id == case.id


def test_json_brings_back_every_drawn_case(drawn):
    assert all(through_json(case) == case for case in drawn)


def test_a_case_whose_numbers_lie_in_a_domain_keeps_its_id(draw_many):
    drawn = draw_many(cases(["log", "bce", "tanh"]), 40)
    assert any(spec.domain for case in drawn for spec in case.network.arrays.values())
    assert all(through_json(case).id == case.id for case in drawn)


@pytest.mark.parametrize("dtype", FORMATS)
def test_the_same_arrays_by_another_recipe_are_the_same_case(dtype):
    pytest.importorskip("ml_dtypes")
    case = case_of(dtype=dtype)
    assert Case.of(NETWORK, *case.make()) != case
    assert Case.of(NETWORK, *case.make()).id == case.id


def test_an_id_is_stable_and_depends_on_everything_that_decides_a_gradient():
    case = case_of()
    other_network = replace(NETWORK, nodes=(*NETWORK.nodes[:1], Node("h2", "cross_entropy", ("h1", "target"))))
    others = [
        replace(case, dtype="float32"),
        replace(case, network=other_network),
        replace(case, cotangent=ArrayRecipe((), "normal", seed=4)),
        replace(case, arrays={**case.arrays, "target": ArrayRecipe((2,), "classes", values=(1.0, 1.0), classes=2)}),
        replace(case, arrays={**case.arrays, "x": ArrayRecipe((2, 3), "normal", seed=1, overrides=((0, 0.0),))}),
    ]
    assert case.id == case_of().id
    assert len(case.id) == 12
    assert len({case.id, *(other.id for other in others)}) == 6


def test_arrays_are_made_in_the_dtype_and_indices_as_integers():
    arrays, dy = case_of(dtype="float32").make()
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "x": "float32",
        "w1": "float32",
        "target": "int64",
    }
    assert (dy.dtype, dy.shape) == (np.float32, ())
    assert np.array_equal(arrays["w1"], make(ArrayRecipe((3, 2), "normal", seed=2), "float32"))


def test_the_profile_is_what_the_float_arrays_share():
    case = case_of("lattice")
    assert case.profile == "lattice"
    assert replace(case, arrays={**case.arrays, "w1": ArrayRecipe((3, 2), "ones")}).profile == "lattice"
    assert replace(case, arrays={**case.arrays, "w1": ArrayRecipe((3, 2), "normal")}).profile == "mixed"
    assert case_of("zeros").profile == "zeros"


def test_recipes_that_do_not_fit_the_network_are_refused():
    with pytest.raises(CaseError, match="one recipe for each array"):
        Case(NETWORK, {"x": ArrayRecipe((2, 3))}, ArrayRecipe(()), "float64")


def test_a_newer_format_is_refused():
    with pytest.raises(CaseError, match="got 2"):
        Case.from_json({**case_of().to_json(), "format": 2})


def test_a_chain_is_drawn_in_one_line():
    network = Network(
        {"x": ArraySpec((4, 3), "input"), "gamma": ArraySpec((3,)), "beta": ArraySpec((3,)), "w1": ArraySpec((3, 3))},
        (
            Node("h1", "layer_norm", ("x", "gamma", "beta"), {"eps": 0.001}),
            Node("h2", "dense", ("h1", "w1")),
            Node("h3", "relu", ("h2",)),
            Node("h4", "add", ("h3", "x")),
        ),
        "h4",
    )
    assert draw_as_text(network) == (
        "x[4,3] -> layer_norm(gamma[3], beta[3], eps=0.001) -> dense(w1[3,3]) -> relu -> add(x)"
    )
    assert draw_as_text(NETWORK) == (
        "x[2,3] -> dense(w1[3,2]) -> cross_entropy(target[2] of 2 classes, reduction='sum')"
    )


def test_anything_else_is_drawn_one_line_per_node():
    network = Network(
        {"x": ArraySpec((2, 3), "input"), "p": ArraySpec((3,)), "unused": ArraySpec(())},
        (Node("h1", "tanh", ("x",)), Node("h2", "add", ("h1", "p")), Node("h3", "multiply", ("h2", "h1"))),
        "h2",
    )
    assert draw_as_text(network).splitlines() == [
        "h1[2,3] = tanh(x[2,3])",
        "h2[2,3] = add(h1, p[3])",
        "h3[2,3] = multiply(h2, h1)",
        "unread: unused[]",
        "output: h2",
    ]


def test_every_drawn_network_can_be_drawn_as_text(drawn):
    for case in drawn[:300]:
        text = draw_as_text(case.network)
        assert all(node.rule in text for node in case.network.nodes)
