"""The same values in other memory: laid out, recognised, printed, kept in the case and made again."""

import json
from collections import Counter

import ml_dtypes
import numpy as np
import pytest

from backcheck.diagnosis.reproducer import literal
from backcheck.strategies.arrays import ArrayRecipe, RecipeError, explicit, make
from backcheck.strategies.case import Case
from backcheck.strategies.case_layouts import with_layouts
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.layouts import CONTIGUOUS, EXPANDED, LAYOUTS, NOT_WRITEABLE, ONE_NUMBER, laid_out, layout_of
from scratch_bp.network import ArraySpec, Network, Node

SHAPES = [(), (1,), (6,), (4, 6), (1, 6), (3, 1), (2, 3, 4), (2, 3, 4, 5), (5, 1, 2), (0, 3)]


def steps(array: np.ndarray) -> list[int]:
    return [step for step, size in zip(array.strides, array.shape, strict=True) if size > 1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, ml_dtypes.bfloat16, np.int64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_keeps_the_values_and_is_recognised(shape, dtype, layout):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    made = laid_out(array, layout)
    assert (made.shape, made.dtype) == (array.shape, array.dtype)
    assert layout in (EXPANDED, ONE_NUMBER) or (made == array).all()
    again = laid_out(made, layout_of(made))
    assert (again == made).all()
    assert steps(again) == steps(made)
    assert made is array or made.flags.writeable == (layout not in NOT_WRITEABLE)


@pytest.mark.parametrize("shape", SHAPES[1:-1])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_printed_array_has_its_layout(shape, layout):
    made = laid_out(np.arange(float(np.prod(shape))).reshape(shape), layout)
    printed = eval(literal(made), {"np": np})
    assert (printed == made).all()
    assert layout_of(printed) == layout_of(made)
    assert printed.flags.writeable == made.flags.writeable


def test_an_array_with_two_axes_has_these():
    array = np.arange(6.0).reshape(2, 3)
    strides = {name: laid_out(array, name).strides for name in LAYOUTS}
    assert strides["transposed"] == strides["fortran"] == (8, 16)
    assert strides["sliced"] == (48, 16)
    assert strides["reversed"] == (-24, -8)
    assert strides["expanded"] == (0, 8)
    assert strides["one number"] == (0, 0)
    assert strides["part of rows"] == (72, 8)
    assert laid_out(np.ones((1, 2, 3, 4)), "channels last").strides == (192, 8, 64, 16)


def test_a_recipe_keeps_its_layout_and_an_unknown_one_is_refused():
    recipe = explicit(np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    again = ArrayRecipe.from_json(json.loads(json.dumps(recipe.to_json())))
    assert again == recipe
    assert make(again, "float32").flags.f_contiguous
    assert "layout" not in explicit(np.ones(3)).to_json()
    with pytest.raises(RecipeError, match="unknown layout 'sideways'; known are contiguous"):
        ArrayRecipe((2,), layout="sideways")


def test_the_layout_is_a_part_of_what_a_case_is():
    network = Network({"x": ArraySpec((2, 3))}, (Node("y", "tanh", ("x",)),), "y")
    x, dy = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    plain, other = Case.of(network, {"x": x}, dy), Case.of(network, {"x": np.asfortranarray(x)}, dy)
    assert plain.id != other.id
    assert Case.from_json(json.loads(json.dumps(other.to_json()))).id == other.id
    assert other.make()[0]["x"].flags.f_contiguous


def test_every_layout_is_drawn_of_arrays_and_of_cotangents(draw_many):
    drawn: list[Case] = draw_many(cases(), 600)
    arrays = Counter(recipe.layout for case in drawn for recipe in case.arrays.values())
    cotangents = Counter(case.cotangent.layout for case in drawn)
    assert set(arrays) == set(LAYOUTS)
    assert set(cotangents) >= set(LAYOUTS) - {"channels last", "heads swapped"}
    plain = [all(r.layout == CONTIGUOUS for r in (*case.arrays.values(), case.cotangent)) for case in drawn]
    assert 0.3 < np.mean(plain) < 0.8


def test_layouts_are_drawn_simplest_first_and_some_may_be_left_out():
    network = Network({"x": ArraySpec((2, 3))}, (Node("y", "tanh", ("x",)),), "y")
    case = Case.of(network, {"x": np.ones((2, 3))}, np.ones((2, 3)))
    assert with_layouts(lambda options: options[0], case) is case
    for last in range(1, 13):
        found = with_layouts(lambda options, last=last: options[-last % len(options)], case, NOT_WRITEABLE)
        assert not {found.cotangent.layout, found.arrays["x"].layout} & set(NOT_WRITEABLE)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_an_array_of_nothing_is_printed_in_its_shape(shape):
    printed = eval(literal(np.zeros(shape, np.float32)), {"np": np})
    assert (printed.shape, printed.dtype) == (shape, np.float32)
