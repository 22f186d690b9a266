"""What the reductions refuse, and their values and slopes at zeros, infinities and far-out numbers."""

import numpy as np
import pytest

from backcheck_reference.numbers import exact
from scratch_bp.rules import RULES

X = np.ones((2, 3))
CONFIGS = {
    "var": [{"correction": 0}],
    "std": [{"correction": 0}],
    "norm": [{"ord": order} for order in (1, 2, 3, np.inf)],
    "sum": [{"keepdim": True}],
}


def gradient(rule, x, **config):
    y, saved = RULES[rule].forward(x, **config)
    return RULES[rule].backward(saved, np.ones(y.shape, y.dtype))[0].tolist()


@pytest.mark.parametrize(
    ("rule", "config", "says"),
    [
        ("sum", {"dim": 2}, r"sum: dim names each axis once and only those that x has, got dim=2 .* \(2, 3\)"),
        ("mean", {"dim": (0, -2)}, r"got dim=\(0, -2\)"),
        ("max", {"dim": -3}, r"max: .* got dim=\(-3,\)"),
        ("amin", {"dim": (0, 2)}, "amin: dim names"),
        ("prod", {"dim": 5}, "prod: dim names"),
        ("cumsum", {"dim": 2}, "cumsum: dim names"),
        ("var", {"dim": 0, "correction": 2}, "var: more than 2 entries are needed .* got 2"),
        ("std", {"dim": None, "correction": 6}, "std: more than 6 entries"),
        ("norm", {"ord": 0}, "norm: the order is a number above 0, .* got ord=0"),
        ("norm", {"ord": -np.inf}, "got ord=-inf"),
    ],
)
def test_what_is_refused(rule, config, says):
    with pytest.raises(ValueError, match=says):
        RULES[rule].forward(X, **config)


@pytest.mark.parametrize(
    ("x", "want"),
    [
        ([3.0, 0.0, 2.0, 5.0], [0, 30, 0, 0]),
        ([3.0, 0.0, 0.0, 5.0], [0, 0, 0, 0]),
        ([2.0], [1]),
        ([1e-200, 1e-200], [1e-200, 1e-200]),  # the product itself is 0: y / x would be too
        ([1e300, 1e-300, 1e-300], [0, 1, 1]),
    ],
)
def test_the_gradient_of_a_product_beside_zeros_and_underflow(x, want):
    np.testing.assert_allclose(gradient("prod", np.array(x)), want, rtol=1e-15)
    np.testing.assert_allclose(gradient("prod", np.array(x).reshape(1, -1), dim=None), [want], rtol=1e-15)


def test_all_axes_are_none_and_also_no_axis():
    for rule in ("sum", "mean", "amax", "logsumexp", "norm", "var"):
        every, none = (RULES[rule].forward(np.arange(6.0).reshape(2, 3), dim=dim)[0] for dim in (None, ()))
        assert every.shape == ()
        assert every == none


def test_logsumexp_of_infinities_and_large_numbers():
    inf = np.inf
    x = np.array([[1e4, 1e4], [-1e4, -inf], [inf, 0.0], [-inf, -inf]])
    with np.errstate(divide="ignore"):
        y = RULES["logsumexp"].forward(x)[0]
    assert y.tolist() == [1e4 + np.log(2), -1e4, inf, -inf]
    assert gradient("logsumexp", x[:2]) == [[0.5, 0.5], [1, 0]]


def test_half_precision_is_added_up_in_single():
    x = np.full((4, 1024), 100, np.float16)  # the sum of a row is beyond 65504
    assert RULES["mean"].forward(x)[0].tolist() == [100] * 4
    assert RULES["std"].forward(np.array([-300, 300], np.float16), correction=0)[0] == 300
    assert RULES["norm"].forward(np.array([300, 400], np.float16))[0] == 500


def test_a_norm_of_order_1_at_an_entry_of_0():
    """As for abs: PyTorch takes sign(0) = 0, JAX counts 0 as positive."""
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    assert gradient("norm", np.array([0.0, -3.0]), ord=1) == [0, -1]
    a = torch.tensor([0.0, -3.0], requires_grad=True)
    assert torch.autograd.grad(torch.linalg.vector_norm(a, 1), a)[0].tolist() == [0, -1]
    assert jax.grad(lambda a: jax.numpy.linalg.norm(a, 1))(jax.numpy.array([0.0, -3.0])).tolist() == [1, -1]


def test_the_gradient_of_a_norm_of_order_3_over_one_small_entry():
    """PyTorch divides by y^2, which is 0: a mirror in pieces stands in for it."""
    torch = pytest.importorskip("torch")
    a = torch.tensor([2e-30], requires_grad=True)
    assert torch.isnan(torch.autograd.grad(torch.linalg.vector_norm(a, 3), a)[0]).all()
    assert gradient("norm", np.array([2e-30]), ord=3) == [1]


@pytest.mark.parametrize("order", [0.5, 1.5, 2.5])
def test_norms_of_fractional_orders_are_pytorchs(order):
    torch = pytest.importorskip("torch")
    x = np.array([[0.5, -2.0, 0.0], [3.0, 1.0, -0.25]])
    a = torch.from_numpy(x).requires_grad_()
    want = torch.linalg.vector_norm(a, order, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_allclose(RULES["norm"].forward(x, ord=order)[0], want.detach().numpy(), rtol=1e-14)
        np.testing.assert_allclose(
            gradient("norm", x, ord=order), torch.autograd.grad(want.sum(), a)[0].numpy(), rtol=1e-13
        )


@pytest.mark.parametrize("rule", ["amax", "amin", "sum", "mean", "prod", "logsumexp", "var", "std", "norm"])
def test_a_number_without_axes_is_reduced_in_floats_and_exact_numbers(rule):
    """An object array without axes becomes its bare element in every operation."""
    pytest.importorskip("flint")
    for config in CONFIGS.get(rule, [{}]):
        x = np.array(-1.5)
        exact_x = np.asarray(exact.lift(x)).view(np.ndarray)
        want, got = (
            (y, *RULES[rule].backward(saved, y))
            for y, saved in (RULES[rule].forward(a, dim=None, **config) for a in (x, exact_x))
        )
        for a, b in zip(want, got, strict=True):
            assert np.shape(a) == np.shape(b) == ()
            assert float(a) == pytest.approx(float(exact.to_float(b)), rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_deviation_of_equal_entries_is_0_and_so_is_its_slope(dtype):
    """(0.1 + 0.1 + 0.1) / 3 is not 0.1 in float64: less that mean there were a deviation, and slopes of order 1."""
    x = np.array([[0.1] * 3, [0.7] * 3], dtype)
    y, saved = RULES["std"].forward(x)
    assert y.tolist() == [0.0, 0.0]
    assert not RULES["std"].backward(saved, np.ones(2, dtype))[0].any()
