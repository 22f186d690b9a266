"""Precision models: what may be said, their order, and the last rounding."""

from itertools import pairwise

import ml_dtypes
import numpy as np
import pytest

from backcheck.errors import BadInput
from backcheck.subjects.kernels.asked.models import Model, is_coarser, ladder, last_rounding, promised

NUMPY = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}


@pytest.mark.parametrize(
    ("inside", "dtype", "said"),
    [
        (None, "bfloat16", "float32 inside"),
        (None, "float64", "float64 inside"),
        ("float32", "float64", "float32 inside"),
        ("tf32", "float32", "products in tf32"),
        ("bfloat16", "bfloat16", "everything in bfloat16"),
        (("float32", "bfloat16"), "bfloat16", "sums in float32, intermediates stored in bfloat16"),
        (["float32", "float16"], "float16", "sums in float32, intermediates stored in float16"),
    ],
)
def test_a_promise_is_said_in_words(inside, dtype, said):
    assert str(promised(inside, dtype)) == said


@pytest.mark.parametrize(
    ("inside", "dtype", "says"),
    [
        ("float8", "bfloat16", "it is one of bfloat16, tf32"),
        (("float32", "bfloat16", "float16"), "bfloat16", "it is one of"),
        (3, "bfloat16", "it is one of"),
        ("float64", "bfloat16", "finer than a kernel of bfloat16 can promise; say 'float32', or coarser"),
        (("float64", "float32"), "float32", "finer than a kernel of float32"),
    ],
)
def test_what_is_no_promise_is_refused(inside, dtype, says):
    with pytest.raises(BadInput, match=says):
        promised(inside, dtype)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_the_ladder_begins_with_the_finest_and_holds_the_promise(dtype):
    promise = promised(None, dtype)
    models = ladder(dtype, promise)
    assert models[0] == promise
    assert len(set(models)) == len(models)
    assert not any(is_coarser(first, second) for first, second in pairwise(models))
    own = Model("float32", "float16", saved="bfloat16")
    assert own in ladder(dtype, own)


@pytest.mark.parametrize("dtype", NUMPY)
def test_no_number_is_moved_further_by_its_last_rounding(dtype):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal(4000) * 2.0 ** rng.integers(-40, 15, 4000), 2.0 ** np.arange(-30.0, 15)])
    with np.errstate(all="ignore"):
        error = abs(x.astype(NUMPY[dtype]).astype(np.float64) - x)
    allowed = last_rounding(abs(x), dtype, False)
    assert (error <= allowed).all()
    normal = abs(x) > 2.0**-14
    assert (error[normal] / allowed[normal]).max() > 0.99  # and some are moved as far
    assert (last_rounding(abs(x[normal]), dtype, True) == 2 * allowed[normal]).all()


def test_truncation_takes_all_of_the_distance_between_the_smallest_numbers():
    x = np.array([1.9, 1000.9]) * 2.0**-24  # float16 keeps multiples of 2^-24 there
    truncated = np.floor(x * 2.0**24) * 2.0**-24
    assert (x - truncated <= last_rounding(x, "float16", True)).all()
    assert (x - truncated > last_rounding(x, "float16", False)).all()
    assert last_rounding(np.array([0.0]), "float16", True) == 0
