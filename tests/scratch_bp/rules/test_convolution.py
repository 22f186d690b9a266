"""What the convolutions refuse, and that an image of training size, larger than any drawn one, is convolved too."""

import numpy as np
import pytest

from scratch_bp.rules import RULES

IMAGE, WEIGHT = np.ones((2, 4, 5, 6)), np.ones((4, 2, 3, 2))


def results(rule, arrays, dy, config):
    y, saved = RULES[rule].forward(*arrays, **config)
    return [y, *RULES[rule].backward(saved, dy)]


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_image_of_training_size_agrees_with_pytorch(groups, dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(groups)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in ((2, 4, 33, 40), (8, 4 // groups, 3, 2), (8,))]
    config = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": groups}
    tensors = [torch.from_numpy(array).requires_grad_() for array in arrays]
    value = torch.nn.functional.conv2d(*tensors, **config)
    dy = rng.standard_normal(value.shape).astype(dtype)
    want = [value.detach(), *torch.autograd.grad(value, tensors, torch.from_numpy(dy))]
    ulp = np.finfo(dtype).eps
    for got, wanted in zip(results("conv2d", arrays, dy, config), want, strict=True):
        # a sum of n products is off by n ulps of its terms at most; the longest here is over all positions
        np.testing.assert_allclose(got, wanted.numpy(), rtol=0, atol=ulp * 2 * 33 * 40)


@pytest.mark.parametrize("rule", ["unfold", "fold", "conv2d"])
def test_an_infinite_entry_stays_in_its_own_windows(rule):
    """Windows are copied one by one, so nothing is multiplied by 0 for convenience."""
    x = np.ones((1, 4, 3, 3) if rule != "fold" else (1, 4, 4))
    x.flat[0] = np.inf
    weight = (np.ones((1, 4, 2, 2)),) if rule == "conv2d" else ()
    options = {"conv2d": {}, "unfold": {"kernel_size": 2}, "fold": {"kernel_size": 2, "output_size": 3}}[rule]
    y, _ = RULES[rule].forward(x, *weight, **options)
    assert np.isinf(y).sum() == 1
    assert not np.isnan(y).any()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"groups": 3}, "groups divide channels and filters"),
        ({"groups": 0}, "groups divide"),
        ({}, "4 channels and a weight of"),
        ({"groups": 2, "stride": 0}, "stride is a number or 2 of them, each at least 1; got 0"),
        ({"groups": 2, "stride": (1, 1, 1)}, "stride is a number or 2 of them"),
        ({"groups": 2, "dilation": 3}, "spans at most the padded length; got 7 positions"),
        ({"groups": 2, "padding": -1}, "padding is a number or 2 of them, each at least 0"),
        ({"groups": 2, "padding": "full"}, "'valid', or with a stride of 1 'same'; got 'full'"),
        ({"groups": 2, "padding": "same", "stride": (1, 2)}, "got 'same' with stride"),
    ],
)
def test_what_a_convolution_refuses(options, said):
    with pytest.raises(ValueError, match=f"conv2d: .*{said}"):
        RULES["conv2d"].forward(IMAGE, WEIGHT, **options)


@pytest.mark.parametrize(
    ("shape", "bias", "options", "said"),
    [
        ((4, 2, 3, 2), 4, {"groups": 3}, "groups divide the channels"),
        ((4, 2, 3, 2), 2, {"groups": 2}, "a bias for each filter"),
        ((4, 2, 3, 2), 2, {"output_padding": 1}, "output_padding is less than stride or dilation"),
        ((4, 2, 3, 2), 2, {"padding": 4}, "an output of -1"),
    ],
)
def test_what_a_transposed_convolution_refuses(shape, bias, options, said):
    with pytest.raises(ValueError, match=f"conv_transpose2d: .*{said}"):
        RULES["conv_transpose2d"].forward(IMAGE, np.ones(shape), np.ones(bias), **options)


@pytest.mark.parametrize("shape", [(1, 3, 4), (1, 4, 3)])
def test_fold_refuses_columns_that_do_not_fit(shape):
    with pytest.raises(ValueError, match=r"fold: x is .batch, channels times 4 of the kernel, 4 windows."):
        RULES["fold"].forward(np.ones(shape), output_size=3, kernel_size=2)
