"""What pooling refuses, its windows at the borders, and odd powers."""

import numpy as np
import pytest

from scratch_bp.rules import RULES

IMAGE = np.ones((1, 1, 3, 4))


@pytest.mark.parametrize(
    ("rule", "options", "said"),
    [
        ("max_pool2d", {"kernel_size": 2, "padding": 2}, "padding is at most half a window"),
        ("avg_pool2d", {"kernel_size": 3, "padding": 2}, "padding is at most half a window"),
        ("max_pool2d", {"kernel_size": (4, 2)}, "a window spans at most the padded length; got 4 positions"),
        ("max_pool2d", {"kernel_size": 2, "stride": 0}, "stride is a number or 2 of them, each at least 1"),
        ("avg_pool2d", {"kernel_size": 0}, "kernel_size is a number or 2 of them, each at least 1"),
        ("avg_pool2d", {"kernel_size": 2, "divisor_override": 0}, "divisor_override is not 0"),
        ("lp_pool2d", {"kernel_size": 2, "norm_type": 0}, "norm_type is above 0 and finite"),
        ("adaptive_avg_pool2d", {"output_size": 0}, "output_size is a number or 2 of them, each at least 1"),
        ("adaptive_max_pool2d", {"output_size": (1, 1, 1)}, "output_size is a number or 2 of them"),
    ],
)
def test_what_pooling_refuses(rule, options, said):
    with pytest.raises(ValueError, match=f"{rule}: {said}"):
        RULES[rule].forward(IMAGE, **options)


@pytest.mark.parametrize(
    ("options", "want", "slopes"),
    [
        # the last window has one entry, and nothing else is counted
        ({"ceil_mode": True}, [1.5, 3.5, 5.0], [0.5, 0.5, 0.5, 0.5, 1]),
        ({"padding": 1}, [0.5, 2.5, 4.5], [0.5, 0.5, 0.5, 0.5, 0.5]),
        ({"padding": 1, "count_include_pad": False}, [1.0, 2.5, 4.5], [1, 0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_a_mean_counts_what_its_window_has(options, want, slopes):
    y, saved = RULES["avg_pool1d"].forward(np.arange(1.0, 6.0).reshape(1, 1, 5), kernel_size=2, **options)
    assert y.ravel().tolist() == want
    assert RULES["avg_pool1d"].backward(saved, np.ones_like(y))[0].ravel().tolist() == slopes


@pytest.mark.parametrize("power", [1, 1.5, 3])
def test_odd_powers_of_numbers_above_0(power):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).random((1, 2, 4, 4)) + 0.1
    y, saved = RULES["lp_pool2d"].forward(x, norm_type=power, kernel_size=2)
    tensor = torch.from_numpy(x).requires_grad_()
    value = torch.nn.functional.lp_pool2d(tensor, power, 2)
    np.testing.assert_allclose(y, value.detach().numpy(), rtol=1e-14)
    dy = np.arange(8.0).reshape(y.shape)
    (want,) = torch.autograd.grad(value, tensor, torch.from_numpy(dy))
    np.testing.assert_allclose(RULES["lp_pool2d"].backward(saved, dy)[0], want.numpy(), rtol=1e-14)


def test_a_sum_that_is_0_has_its_slope():
    """PyTorch's lp_pool2d takes 0 here for norm_type 1 too, where the function is a plain sum."""
    torch = pytest.importorskip("torch")
    x = np.array([[[[1.0, -1.0], [2.0, -2.0]]]])
    y, saved = RULES["lp_pool2d"].forward(x, norm_type=1, kernel_size=2)
    assert RULES["lp_pool2d"].backward(saved, np.ones_like(y))[0].ravel().tolist() == [1, 1, 1, 1]
    tensor = torch.from_numpy(x).requires_grad_()
    torch.nn.functional.lp_pool2d(tensor, 1, 2).sum().backward()
    assert tensor.grad.ravel().tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 9, (2, 4)])
def test_adaptive_windows_are_pytorchs_even_more_than_there_are_positions(size):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(1).integers(-2, 3, (2, 2, 7, 5)).astype(float)
    for kind in ("avg", "max"):
        rule = f"adaptive_{kind}_pool2d"
        y, saved = RULES[rule].forward(x, output_size=size)
        tensor = torch.from_numpy(x).requires_grad_()
        value = getattr(torch.nn.functional, rule)(tensor, size)
        dy = np.random.default_rng(2).standard_normal(y.shape)
        (want,) = torch.autograd.grad(value, tensor, torch.from_numpy(dy))
        np.testing.assert_allclose(y, value.detach().numpy(), rtol=1e-14, atol=1e-14)
        np.testing.assert_allclose(RULES[rule].backward(saved, dy)[0], want.numpy(), rtol=1e-13, atol=1e-13)
