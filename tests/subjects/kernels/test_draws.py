"""Sizes and values that kernels are fuzzed with: all are reached, small ones first, and `whole` needs no rounding."""

from math import prod

import numpy as np
import pytest

from backcheck.float_format import FORMATS
from backcheck.strategies.arrays import ArrayRecipe, make
from backcheck.strategies.kernel_profiles import KERNEL_PROFILES, most_whole
from backcheck.subjects.drawn.shapes import describe, specs
from backcheck.subjects.kernels.drawn.draws import (
    ENTRIES,
    LEADING,
    TILES,
    KernelStyle,
    draw_kernel_arrays,
    draw_kernel_cotangent,
    draw_kernel_recipe,
    draw_style,
    draw_tile_sizes,
)
from scratch_bp.network import ArraySpec


def picker(seed):
    rng = np.random.default_rng(seed)
    return lambda options: options[rng.integers(len(options))]


def first(options, /):
    return options[0]


def described(*lines):
    names = "abcdef"[: len(lines)]
    function = eval(f"lambda {', '.join(names)}: None")
    return describe(function, lines)


def test_every_size_is_reached_and_the_smallest_is_first():
    rows = described("*batch n", "n")
    found = [draw_tile_sizes(picker(seed), rows) for seed in range(1500)]
    assert {each["n"] for each in found} == set(TILES)
    assert {each["*batch"] for each in found} == set(LEADING)
    assert draw_tile_sizes(first, rows) == {"*batch": (), "n": 1}


@pytest.mark.parametrize("budget", [ENTRIES, 1000, 1])
def test_no_array_is_larger_than_the_budget(budget):
    product = described("*batch m k", "k n", "m n")
    for seed in range(300):
        bound = draw_tile_sizes(picker(seed), product, budget)
        assert max(prod(each.shape) for each in specs(product, bound).values()) <= budget


def test_least_sizes_multiples_and_classes_are_kept():
    rows = described("n>=5 4*s", "n <k", "3 s+1")
    for seed in range(100):
        bound = draw_tile_sizes(picker(seed), rows)
        assert bound["n"] >= 5
        assert bound["k"] >= 1
    assert max(draw_tile_sizes(picker(seed), rows)["s"] for seed in range(100)) > 16


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
@pytest.mark.parametrize("profile", KERNEL_PROFILES)
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (3, 0), (7,), (2, 8), (3, 1000)])
def test_every_profile_fits_every_dtype_and_shape(profile, dtype, shape):
    array = make(ArrayRecipe(shape, profile, 3), dtype)
    assert array.shape == shape
    assert array.dtype.name == dtype
    if profile != "masked":
        assert np.isfinite(array.astype(np.float64)).all()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
@pytest.mark.parametrize(("m", "k", "n"), [(3, 5, 7), (129, 1025, 17), (257, 1000, 65)])
def test_products_of_whole_numbers_are_exact_in_float32_in_any_order(dtype, m, k, n):
    a = make(ArrayRecipe((m, k), "whole", 1), dtype).astype(np.float32)
    b = make(ArrayRecipe((k, n), "whole", 2), dtype).astype(np.float32)
    exact = a.astype(np.int64) @ b.astype(np.int64)
    assert np.array_equal(exact, a @ b)
    assert np.array_equal(exact, a[:, ::-1] @ b[::-1])
    assert k * abs(a).max() * abs(b).max() <= 2**24
    assert abs(exact).max() > 0


def test_the_range_of_whole_numbers_is_what_the_sum_leaves_room_for():
    assert most_whole((10,), FORMATS["bfloat16"]) == 256
    assert most_whole((1024, 1024), FORMATS["float32"]) == 4
    assert most_whole((2**26,), FORMATS["float32"]) == 1


def test_rows_cancel_to_ordinary_numbers_that_the_dtype_itself_loses():
    for dtype in ("bfloat16", "float16", "float32"):
        rows = make(ArrayRecipe((50, 65), "cancelling", 1), dtype).astype(np.float64)
        assert (abs(rows).max(1) >= 2 ** (FORMATS[dtype].bits + 1)).all()
        assert (abs(rows.sum(1)) < 10).all()


def test_sums_at_the_ends_and_squares_of_large_numbers_stay_finite():
    for dtype in ("bfloat16", "float16", "float32"):
        largest = 2.0 ** (FORMATS[dtype].greatest + 1)
        rows = make(ArrayRecipe((50, 1025), "ends", 1), dtype).astype(np.float64)
        assert abs(rows).sum(1).max() < largest
        large = make(ArrayRecipe((50, 1025), "large", 1), dtype).astype(np.float64)
        assert largest / 64 < (large**2).sum(1).max() < largest


def test_rows_of_zeros_one_hot_rows_and_masks():
    zeros = make(ArrayRecipe((6, 5), "zero_rows", 1), "float32")
    assert 0 < (zeros == 0).all(1).sum() < 6
    assert ((make(ArrayRecipe((6, 5), "one_hot", 1), "float32") != 0).sum(1) == 1).all()
    mask = make(ArrayRecipe((40, 5), "masked", 1), "float16").astype(np.float64)
    assert set(np.unique(mask)) == {-np.inf, 0}
    assert (mask == 0).any(1).all()


def test_whole_goes_for_all_arrays_of_a_case():
    style = KernelStyle("bfloat16", "whole", 3)
    for seed in range(30):
        pick = picker(seed)
        arrays = draw_kernel_recipe(pick, ArraySpec((3, 4)), style), draw_kernel_cotangent(pick, (3, 4), style)
        assert all((make(each, "float64") % 1 == 0).all() for each in arrays)


def test_indices_masks_and_every_style_are_drawn():
    styles = {draw_style(picker(seed), ["bfloat16"]).profile for seed in range(300)}
    assert styles == {"normal", "whole", "mixed", "cancelling", "large", "ends"}
    style = KernelStyle("float32", "mixed", 1)
    index = make(draw_kernel_recipe(picker(1), ArraySpec((500,), classes=7), style), "float32")
    assert set(index.tolist()) == set(range(7))
    assert draw_kernel_recipe(first, ArraySpec((5,)), style, mask=True).profile == "masked"
    profiles = {draw_kernel_recipe(picker(seed), ArraySpec((5,)), style).profile for seed in range(200)}
    assert profiles == {"normal", "one_hot", "zero_rows", "cancelling", "large", "ends"}


def test_all_arrays_of_a_kernel_are_drawn_at_once():
    rows = describe(lambda x, index, scale, mask: None, ("*batch n", "*batch <n", "n >0", "n"))
    for seed in range(60):
        drawn = draw_kernel_arrays(picker(seed), rows, ["bfloat16", "float32"], entries=5000, masks=["mask"])
        made = {name: make(each, drawn.style.dtype) for name, each in drawn.arrays.items()}
        assert made["x"].shape == (*drawn.sizes["*batch"], drawn.sizes["n"])
        assert (made["index"] < drawn.sizes["n"]).all()
        assert (made["scale"].astype(np.float64) > 0).all()
        assert (made["mask"] == 0).any()
        assert not drawn.exact  # scale is of a range
    simplest = draw_kernel_arrays(first, rows, ["bfloat16"])
    assert {each.size for each in simplest.arrays.values()} == {1}
    styles = [draw_kernel_arrays(picker(seed), rows[:2], ["float32"]) for seed in range(60)]
    assert any(each.exact for each in styles)
    assert all(each.exact == (each.style.profile == "whole") for each in styles)
