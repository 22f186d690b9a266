"""Recipes make what they say, the same each time, and survive JSON to the bit."""

import json
import math

import numpy as np
import pytest

from backcheck.strategies.arrays import (
    FORMATS,
    PROFILES,
    ArrayRecipe,
    RecipeError,
    element_table,
    explicit,
    float_format,
    make,
)

DTYPES = tuple(FORMATS)
SHAPE = (40, 10)


@pytest.fixture(autouse=True)
def _bfloat16() -> None:
    pytest.importorskip("ml_dtypes")


def in_float64(profile: str, dtype: str) -> np.ndarray:
    return make(ArrayRecipe(SHAPE, profile, seed=3), dtype).astype(np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (3, 2, 5)])
def test_every_profile_makes_finite_arrays_of_every_dtype_and_the_same_each_time(profile, dtype, shape):
    first, again = (make(ArrayRecipe(shape, profile, seed=7), dtype) for _ in range(2))
    assert first.shape == shape
    assert first.dtype.name == dtype
    assert np.isfinite(first.astype(np.float64)).all()
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_profiles_are_what_their_names_say(dtype):
    assert set(in_float64("integers", dtype).flat) == set(range(-3, 4))
    lattice = in_float64("lattice", dtype)
    assert set(lattice.flat) == {quarters / 4 for quarters in range(-8, 9)}
    assert (lattice == 0).mean() > 0.1
    saturating = abs(in_float64("saturating", dtype))
    assert saturating.min() >= 5
    assert saturating.max() <= 60
    assert len(np.unique(in_float64("normal", dtype))) > 100


@pytest.mark.parametrize("dtype", DTYPES)
def test_wide_reaches_far_in_both_directions_without_piling_up_at_the_edge(dtype):
    wide = in_float64("wide", dtype)
    sizes = abs(wide[wide != 0])
    limits = float_format(dtype)
    assert sizes.min() < 2.0 ** (max(-100, limits.least) + 6)
    assert sizes.max() > 2.0 ** (min(100, limits.greatest) - 6)
    assert (sizes == sizes.max()).mean() < 0.05
    assert 0 < (wide == 0).mean() < 0.3


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_holds_subnormals_least_normals_zeros_and_ordinary_numbers(dtype):
    sizes = abs(in_float64("subnormal", dtype))
    least = 2.0 ** float_format(dtype).least
    for kind in ((sizes > 0) & (sizes < least), (sizes >= least) & (sizes <= 2 * least), sizes == 0, sizes > 0.1):
        assert kind.any()


def test_a_seed_gives_other_numbers_than_the_next_and_a_scale_scales():
    first, second = (make(ArrayRecipe(SHAPE, "normal", seed), "float64") for seed in (1, 2))
    assert not (first == second).any()
    assert np.array_equal(make(ArrayRecipe(SHAPE, "normal", 1, scale=0.5), "float64"), first / 2)


def test_overrides_replace_single_entries_of_values_and_of_profiles():
    recipe = ArrayRecipe((2, 2), "zeros", overrides=((3, 10.0), (0, -1.0)))
    assert make(recipe, "float32").tolist() == [[-1, 0], [0, 10]]
    assert make(ArrayRecipe((2,), overrides=((1, 5.0),), values=(1.0, 2.0)), "float64").tolist() == [1, 5]


def test_class_indices_are_integers_below_the_number_of_classes():
    indices = make(ArrayRecipe((200,), "classes", seed=1, classes=3), "float32")
    assert indices.dtype == np.int64
    assert set(indices.tolist()) == {0, 1, 2}
    assert make(ArrayRecipe((2,), "classes", values=(2.0, 0.0), classes=3), "float32").tolist() == [2, 0]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_json_brings_back_the_same_recipe_and_the_same_bits(profile, dtype):
    recipe = ArrayRecipe((3, 5), profile, seed=11, overrides=((0, -0.0), (1, 5e-324), (2, 1e308)), scale=1 / 3)
    back = ArrayRecipe.from_json(json.loads(json.dumps(recipe.to_json(), allow_nan=False)))
    assert back == recipe
    assert make(back, dtype).tobytes() == make(recipe, dtype).tobytes()


def test_arrays_from_outside_survive_json_to_the_bit():
    array = np.array([[math.nan, math.inf, -math.inf], [-0.0, 5e-324, 0.1]])
    recipe = explicit(array)
    back = ArrayRecipe.from_json(json.loads(json.dumps(recipe.to_json(), allow_nan=False)))
    assert make(back, "float64").tobytes() == array.tobytes()
    assert make(explicit(np.array([1, 0]), classes=2), "float32").tolist() == [1, 0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("profile", PROFILES)
def test_tables_of_values_start_simple_and_fit_the_dtype(profile, dtype):
    table = element_table(profile, dtype)
    assert 1 <= len(table) <= 100
    assert table[0] in (0, 1)
    assert np.isfinite(make(explicit(table), dtype).astype(np.float64)).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: ArrayRecipe((2,), "normall"), "known are zeros"),
        (lambda: ArrayRecipe((2, 2), values=(1.0,)), "takes 4 values, got 1"),
        (lambda: make(ArrayRecipe((2,)), "float80"), "made in float16"),
    ],
)
def test_errors_say_what_is_wanted(wrong, says):
    with pytest.raises(RecipeError, match=says):
        wrong()
