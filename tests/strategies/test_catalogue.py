"""The catalogue names every rule and option, and shapes are read from signatures alone."""

import json
from dataclasses import fields
from inspect import Parameter

import numpy as np
import pytest
from jaxtyping import Int, Shaped

from backcheck.strategies.candidates import candidate_of, menu_of
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases, networks
from backcheck.strategies.catalogue import (
    CATALOGUE,
    Array,
    CatalogueError,
    Row,
    Slot,
    bind,
    broadcast,
    fill,
    signature_of,
)
from backcheck.strategies.catalogue.sizes import some_sizes
from backcheck.strategies.draft import Want
from backcheck.verdicts.truth.node import argument_names
from scratch_bp.network import value_and_grad
from scratch_bp.rules import LOSSES, RULES, Rule

Rows = Shaped[np.ndarray, "*batch n"]
Vector = Shaped[np.ndarray, " n"]
Table = Shaped[np.ndarray, "vocabulary n"]
Indices = Int[np.ndarray, "*batch"]


def scale(x: Rows, s: Vector, *, power: int = 1) -> tuple[Rows, tuple]:
    return x * s**power, (x, s, power)


def scale_backward(saved: tuple, dy: Rows) -> tuple[Rows, Vector]:
    x, s, power = saved
    ds = (dy * x * power * s ** (power - 1)).reshape(-1, len(s)).sum(0)
    return dy * s**power, ds


def embedding(table: Table, indices: Indices) -> tuple[Rows, tuple]:
    return table[indices], (table, indices)


def embedding_backward(saved: tuple, dy: Rows) -> tuple[Table, None]:
    table, indices = saved
    d_table = np.zeros_like(table)
    np.add.at(d_table, indices, dy)
    return d_table, None


def test_every_rule_has_a_row_and_every_row_a_rule():
    assert set(CATALOGUE) == set(RULES)


def test_a_row_has_at_most_six_fields():
    assert len(fields(Row)) <= 6


NOT_DRAWN = {("normalize", "eps")}  # 1e-12 is 0 in float16, and 0 / 0 has no gradient to compare


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_row_lists_every_option_of_its_rule_with_the_default_first(name):
    row, shapes = CATALOGUE[name], signature_of(name)
    assert set(row.config) == set(shapes.defaults)
    for option, choices in row.config.items():
        if not callable(choices):  # those depend on the first array
            if (name, option) not in NOT_DRAWN:
                assert shapes.defaults[option] in (choices[0], *({None, Parameter.empty} - set(choices)))
            assert len(set(choices)) == len(choices) > 1
    assert set(row.axes) <= {*row.config, *shapes.arrays[0].dims}
    assert set(row.arrays) <= {slot.stem for slot in shapes.arrays}


def test_signatures_are_read_from_annotations():
    dense = signature_of("dense")
    assert dense.arrays == (
        Slot("x", ("*batch", "n_in")),
        Slot("w", ("n_in", "n_out")),
        Slot("b", ("n_out",), optional=True),
    )
    assert dense.output == ("*batch", "n_out")
    assert signature_of("cross_entropy").arrays[1] == Slot("target", ("batch", "*rest"), integer=True)
    assert [name for name in RULES if signature_of(name).is_loss] == list(LOSSES)
    several = {"add", "subtract", "multiply", "divide", "maximum", "minimum", "where", "array_power"}
    assert {name for name in RULES if signature_of(name).broadcasts} == several
    assert signature_of("layer_norm") is signature_of("layer_norm")


@pytest.mark.parametrize(
    ("dims", "shape", "known", "want"),
    [
        (("*batch", "n"), (4, 3, 2), {}, {"*batch": (4, 3), "n": 2}),
        (("*batch", "n"), (2,), {}, {"*batch": (), "n": 2}),
        (("*batch", "n"), (), {}, None),
        (("n", "*rest", "m"), (1, 2, 3, 4), {}, {"n": 1, "*rest": (2, 3), "m": 4}),
        (("n", "m"), (2, 3), {"n": 2}, {"n": 2, "m": 3}),
        (("n", "m"), (2, 3), {"n": 3}, None),
        (("n", "n"), (2, 3), {}, None),
        (("n", "1"), (2, 1), {}, {"n": 2}),
        (("n", "1"), (2, 2), {}, None),
        ((), (), {}, {}),
        ((), (1,), {}, None),
        (("*_any",), (4, 3), {"n": 2, "*_any": (1,)}, {"n": 2, "*_any": (1,)}),
    ],
)
def test_axes_bind_to_the_sizes_of_a_shape_and_fill_it_again(dims, shape, known, want):
    bound = bind(dims, shape, known)
    assert bound == want
    assert bound is None or "*_any" in dims or fill(dims, bound) == shape


@pytest.mark.parametrize("left", [(), (1,), (3,), (2, 3), (2, 1), (4, 2, 3), (4, 1, 1)])
@pytest.mark.parametrize("right", [(), (1,), (3,), (2,), (2, 3), (1, 3), (4, 1, 3)])
def test_broadcasting_is_numpys(left, right):
    try:
        want = np.broadcast_shapes(left, right)
    except ValueError:
        want = None
    assert broadcast([left, right]) == want


def test_a_new_rule_is_drawn_from_its_signature_and_one_row(draw_many):
    table = {**RULES, "scale": Rule(scale, scale_backward), "embedding": Rule(embedding, embedding_backward)}
    lookup = Row(arrays={"indices": Array(indices="vocabulary")})
    rows = {**CATALOGUE, "scale": Row({"power": (1, 2)}), "embedding": lookup}
    found: list[Case] = draw_many(cases(["scale", "embedding", "tanh"], table=table, catalogue=rows), 300)
    for case in found:
        arrays, dy = case.make()
        with np.errstate(all="ignore"):
            output, grads = value_and_grad(case.network, arrays, dy, table)
        assert np.shape(output) == dy.shape
        assert {name: grad.shape for name, grad in grads.items()} == {name: arrays[name].shape for name in grads}
    nodes = [node for case in found for node in case.network.nodes]
    assert {node.rule for node in nodes} == {"scale", "embedding", "tanh"}
    assert {tuple(node.config.items()) for node in nodes if node.rule == "scale"} == {(), (("power", 2),)}


def test_an_output_whose_axes_depend_on_the_options_is_found_by_running_the_rule():
    shapes = signature_of("max_pool1d")
    bound = shapes.read(0, (2, 3, 5), {})
    assert shapes.results(bound, [(2, 3, 5)], {"kernel_size": 3, "stride": 2, "padding": 1}) == [(2, 3, 3)]
    assert signature_of("sum").results({"*shape": (2, 3)}, [(2, 3)], {"dim": 0}) == [(3,)]


@pytest.mark.parametrize("bias", [True, False])
def test_a_rule_of_any_number_of_arrays_has_as_many_as_its_row_says(bias):
    config = {"num_layers": 2, "bidirectional": True, "bias": bias}
    bound = {"steps": 1, "batch": 2, "inputs": 3, "states": 4, "hidden": 2}
    candidate = candidate_of("gru", RULES, CATALOGUE).counted(bound, config)
    weights = candidate.shapes.arrays[2:]
    assert [slot.name for slot in weights] == [f"weights{i + 1}" for i in range(16 if bias else 8)]
    assert {(slot.stem, slot.optional, slot.carries) for slot in weights} == {("weights", False, False)}
    first, below = [(6, 3), (6, 2), (6,), (6,)], [(6, 4), (6, 2), (6,), (6,)]
    each = slice(None, 4 if bias else 2)
    listed = [Want(candidate, position, bound, config).shapes for position in range(2, len(candidate.shapes.arrays))]
    assert listed == [(shape,) for way in (first, first, below, below) for shape in way[each]]
    assert argument_names(RULES["gru"], 4) == ("x", "h0", "weights1", "weights2")


def test_a_drawn_rule_of_any_number_of_arrays_reads_them_all(draw_many):
    found: list[Case] = draw_many(cases(["gru"]), 100)
    nodes = [node for case in found for node in case.network.nodes]
    counts = {(node.config.get("num_layers", 1), node.config.get("bidirectional", False)) for node in nodes}
    assert counts == {(1, False), (1, True), (2, False), (2, True)}
    for node in nodes:
        ways = node.config.get("num_layers", 1) * (1 + node.config.get("bidirectional", False))
        assert len(node.reads) == 2 + ways * (4 if node.config.get("bias", True) else 2)


def test_a_rule_with_a_domain_reads_only_arrays_that_are_drawn_in_it(draw_many):
    found: list[Case] = draw_many(cases(["log", "tanh", "bce"]), 900)
    assert {node.rule for case in found for node in case.network.nodes} == {"log", "tanh", "bce"}
    for case in found:
        arrays, _ = case.make()
        for node in case.network.nodes:
            if node.rule in ("log", "bce"):
                read = arrays[node.reads[0]]
                assert np.all(read > 0)
                assert node.rule == "log" or np.all(read < 1)


def test_an_array_in_a_domain_is_in_it_in_every_dtype_and_after_json(draw_many):
    for case in draw_many(cases(["log", "bce"], dtypes=["float16", "bfloat16", "float32"]), 200):
        again = Case.from_json(json.loads(json.dumps(case.to_json(), allow_nan=False)))
        assert again == case
        for name, spec in again.network.arrays.items():
            low, high = spec.domain or (-np.inf, np.inf)
            made = again.make()[0][name].astype(float)
            assert spec.domain is None or np.all((low < made) & (made < high))


def test_a_rule_without_a_row_is_drawn_with_its_defaults(draw_many):
    table = {"scale": Rule(scale, scale_backward)}
    found = draw_many(networks(table=table), 50)
    assert {node.rule for network in found for node in network.nodes} == {"scale"}
    assert not any(node.config for network in found for node in network.nodes)


def unannotated(x, w):
    return x @ w, None


def computed_axis(x: Shaped[np.ndarray, "#n"]) -> tuple[Vector, None]:
    return x, None


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"dense": Rule(unannotated, unannotated)}, "need a jaxtyping annotation"),
        ({"dense": Rule(computed_axis, unannotated)}, "neither a name"),
        ({"dense": Rule(embedding, embedding_backward)}, "which axis they point into"),
        ({}, "no rule 'dense'"),
    ],
)
def test_a_signature_that_says_too_little_is_named(rules, says):
    with pytest.raises(CatalogueError, match=says):
        networks(["dense"], table=rules)


def test_rules_that_read_no_input_at_all_are_an_error():
    def six_axes(x: Shaped[np.ndarray, "a b c d e f"]) -> tuple[Shaped[np.ndarray, "a b c d e f"], None]:
        return x, None

    with pytest.raises(CatalogueError, match="none of the rules"):
        networks(table={"six_axes": Rule(six_axes, six_axes)})


@pytest.mark.parametrize("number", range(5))
def test_rules_that_read_none_of_a_few_sizes_are_given_all(number):
    assert menu_of(["max_pool1d"], RULES, CATALOGUE, some_sizes(number)).starts
