"""Both ends of the range: a power, a sum or a product on the way overflows or vanishes where the answer does not."""

import ml_dtypes
import numpy as np
import pytest

from backcheck import check
from backcheck_reports import Verdict
from scratch_bp.rules import RULES
from scratch_bp.scale import scaled
from tests.verdicts.helpers import one_node

ROWS = np.array([[1.0, -0.5, 0.25, 2.0], [-1.5, 0.75, 1.25, -0.5]])
IMAGE = np.array([1.0, -0.5, 0.25, 2.0, -1.5, 0.75, 1.25, -0.5, 0.5]).reshape(1, 1, 3, 3)
OTHER = np.array([[0.5, 1.5, -1.0, 0.75], [1.0, -0.25, 0.5, 2.0]])
ENDS = {"float32": (1e15, 1e30, 1e-16, 1e-30), "float64": (1e120, 1e250, 1e-120, 1e-250), "bfloat16": (1e30, 1e-30)}
LARGE = {"float32": (1e15, 1e21), "float64": (1e160,), "bfloat16": (1e21,)}
HOMOGENEOUS = [
    ("norm", (ROWS,), {"ord": 2}),
    ("norm", (ROWS,), {"ord": 3}),
    ("norm", (ROWS,), {"ord": 1.5}),
    ("norm", (ROWS,), {"ord": 200}),
    ("std", (ROWS,), {}),
    ("lp_pool2d", (IMAGE,), {"norm_type": 2, "kernel_size": 2}),
    ("lp_pool2d", (abs(IMAGE),), {"norm_type": 3, "kernel_size": 2, "ceil_mode": True}),
]
LEVELLED = [  # by a length, beside which the eps counts where x is small
    ("layer_norm", (ROWS,), {}),
    ("rms_norm", (ROWS,), {}),
    ("group_norm", (ROWS,), {"num_groups": 1}),
    ("batch_norm", (ROWS.T,), {}),
    ("normalize", (ROWS,), {"p": 3}),
    ("cosine_embedding", (ROWS, OTHER, np.array([1, -1])), {"margin": -0.9}),
    ("local_response_norm", (ROWS,), {"size": 2, "alpha": 0.5, "beta": 0.5}),
]


def checked(rule, arrays, dtype, scale, config):
    made = [a if a.dtype.kind == "i" else (a * scale).astype(getattr(ml_dtypes, dtype, dtype)) for a in arrays]
    named = {f"x{i}": a for i, a in enumerate(made)}
    return check(one_node(rule, named, **config), named, oracles=("exact",))


def cases(rows, ends):
    for rule, arrays, config in rows:
        for dtype, scales in ends.items():
            for scale in scales:
                yield pytest.param(rule, arrays, dtype, scale, config, id=f"{rule}-{config}-{dtype}-{scale}")


@pytest.mark.parametrize(
    ("rule", "arrays", "dtype", "scale", "config"), [*cases(HOMOGENEOUS, ENDS), *cases(LEVELLED, LARGE)]
)
def test_the_value_and_the_gradients_are_right_at_both_ends(rule, arrays, dtype, scale, config):
    found = checked(rule, arrays, dtype, scale, config)
    own = {key.name: measure.verdict for (key, party), measure in found.measures.items() if party == "numpy"}
    assert set(own.values()) == {Verdict.AGREE}, found.measures


def test_the_weight_of_tiny_vectors_is_their_direction_times_g():
    rule, v = RULES["weight_norm"], np.array([[3e-30, 4e-30]], np.float32)
    y, saved = rule.forward(v, np.array([[1e-28]], np.float32))
    np.testing.assert_allclose(y, [[0.6e-28, 0.8e-28]], rtol=1e-6)
    dv, dg = rule.backward(saved, np.array([[1.0, 0.0]], np.float32))
    np.testing.assert_allclose(dv, [[0.64 * 20, -0.48 * 20]], rtol=1e-6)
    np.testing.assert_allclose(dg, [[0.6]], rtol=1e-6)


def test_the_norm_of_order_3_that_a_run_found():
    x = np.full((1, 2), 1.4e15, np.float32)
    y, saved = RULES["norm"].forward(x, ord=3)
    np.testing.assert_allclose(y, 2 ** (1 / 3) * 1.4e15, rtol=1e-6)
    np.testing.assert_allclose(RULES["norm"].backward(saved, np.ones(1, np.float32))[0], 2 ** (-2 / 3), rtol=1e-6)


def test_a_distance_beyond_the_square_root_of_the_range():
    a, b = np.array([[3e25, 0.0]], np.float32), np.array([[0.0, 4e25]], np.float32)
    value, saved = RULES["triplet_margin"].forward(a, b, np.zeros_like(a))
    np.testing.assert_allclose(value, 5e25 - 3e25, rtol=1e-6)
    da, dp, dn = RULES["triplet_margin"].backward(saved, np.ones((), np.float32))
    np.testing.assert_allclose([da[0], dp[0], dn[0]], [[-0.4, -0.8], [-0.6, 0.8], [1.0, 0.0]], atol=1e-6)


def test_a_sign_is_kept_where_it_stands_beside_a_far_larger_number():
    x, dy = np.array([[-1e169, 1e-293]]), np.array([[1.0, -1.0]])
    _, saved = RULES["normalize"].forward(x, p=1.0)
    # dx_2 = (dy_2 - sign(x_2) sum dy y) / |x|, with y = (-1, 0)
    np.testing.assert_allclose(RULES["normalize"].backward(saved, dy)[0], [[0.0, 0.0]], atol=1e-180)
    _, saved = RULES["normalize"].forward(x, p=1.0)
    np.testing.assert_allclose(RULES["normalize"].backward(saved, np.array([[1.0, 0.0]]))[0], [[0.0, 1e-169]])


def test_rows_are_scaled_each_by_its_own_largest_and_only_where_that_is_needed():
    x = np.array([[1e30, 1.0], [0.5, -2.0], [1e-30, 3e-30], [0.0, 0.0], [np.inf, 1.0]], np.float32)
    u, scale = scaled(x, (1,))
    np.testing.assert_array_equal(np.ravel(scale), np.array([1e30, 1, 3e-30, 1, 1], np.float32))
    np.testing.assert_array_equal(u * scale, x)
    ordinary = scaled(x[1:2], (1,))
    assert ordinary.u is not None
    assert ordinary.scale == 1
    assert np.shares_memory(ordinary.u, x)


def test_a_product_of_large_numbers_beside_a_gate_is_no_nan():
    """dy a overflows, and so does dy b; what they are multiplied by is 0."""
    for rule, x in (("glu", [-1e200, 1e3]), ("swiglu", [-1e3, 1e200])):
        _, saved = RULES[rule].forward(np.array(x))
        (dx,) = RULES[rule].backward(saved, np.array([1e150]))
        np.testing.assert_array_equal(dx, [1e150, 0.0] if rule == "glu" else [0.0, 0.0])


def test_a_variance_below_eps_has_no_slope_however_far_the_target():
    x, target, var = np.array([[1e201]]), np.array([[0.0]]), np.array([[1e-101]])
    with np.errstate(over="ignore"):  # of the square, which is beyond the range
        _, saved = RULES["gaussian_nll"].forward(x, target, var)
        assert RULES["gaussian_nll"].backward(saved, np.ones(()))[2].tolist() == [[0.0]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_states_of_a_frame_are_probabilities_however_large_the_logits(dtype):
    """a + b - log Z, of numbers near 1e22, is off by 1e6, and no exponential of that is one."""
    rng = np.random.default_rng(3)
    x = np.exp(rng.uniform(30, 52, (3, 2, 8))).astype(dtype)
    config = {"input_lengths": (3, 2), "target_lengths": (1, 0), "reduction": "none"}
    _, saved = RULES["ctc"].forward(x, np.array([[4, 6], [3, 5]]), **config)
    dx, _ = RULES["ctc"].backward(saved, np.ones(2, dtype))
    assert np.isfinite(dx).all()
    assert abs(dx).max() <= 1
    # sample 1 reads two blanks: softmax(x) less 1 for the blank
    np.testing.assert_array_equal(dx[:2, 1].argmin(axis=-1), [0, 0])
    np.testing.assert_array_equal(dx[2, 1], np.zeros(8))
