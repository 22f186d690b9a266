"""What the normalisations refuse, what PyTorch does with running statistics, and which of them are the same."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from backcheck_reference.frameworks.mirrors import MIRRORS
from scratch_bp.rules import RULES

X = np.arange(24.0).reshape(2, 4, 3) ** 2
ROWS = np.ones((2, 3))


def forward(rule, *arrays, **config):
    return RULES[rule].forward(*arrays, **config)[0]


@pytest.mark.parametrize(
    ("rule", "arrays", "config", "says"),
    [
        ("layer_norm", (ROWS,), {"normalized_shape": 4}, r"layer_norm: x ends .* got normalized_shape=4 .*\[2, 3\]"),
        ("layer_norm", (ROWS,), {"normalized_shape": ()}, "one or more"),
        ("layer_norm", (ROWS, np.ones(3)), {"normalized_shape": (2, 3)}, r"weights of \[\[3\]\]"),
        ("rms_norm", (ROWS,), {"normalized_shape": (3, 2)}, "rms_norm: x ends"),
        ("batch_norm", (np.ones((1, 3)),), {}, r"batch_norm: more than one value .* \[1, 3\]"),
        ("batch_norm_with_statistics", (np.ones((1, 3)), np.ones(3), np.ones(3)), {}, "more than one value"),
        ("instance_norm", (np.ones((2, 3, 1)),), {}, "instance_norm: more than one value"),
        ("instance_norm", (ROWS,), {}, "more than one value"),
        ("group_norm", (X,), {"num_groups": 3}, "num_groups divides the channels, got num_groups=3 for 4 channels"),
        ("group_norm", (X,), {"num_groups": 0}, "got num_groups=0"),
        ("local_response_norm", (X,), {"size": 0}, "at least one channel, got size=0"),
        ("normalize", (X,), {"p": 0.0}, "order is a number above 0"),
        ("normalize", (X,), {"dim": 3}, r"normalize: dim names .* got dim=3 for an x of shape \(2, 4, 3\)"),
        ("weight_norm", (ROWS, np.ones((2, 1))), {"dim": -1}, "counted from the first, got dim=-1 for 2 axes"),
        ("weight_norm", (ROWS, np.ones((2, 1))), {"dim": 1}, r"g has the shape of the norms, \(1, 3\), got \(2, 1\)"),
    ],
)
def test_what_is_refused(rule, arrays, config, says):
    with pytest.raises(ValueError, match=says):
        RULES[rule].forward(*arrays, **config)


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4), (2, 3, 2, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_running_statistics_are_pytorchs(shape, training):
    """Its mirrors are formulas where PyTorch has no gradient; here is PyTorch's own function, buffers and all."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    mean, var, weight, bias = (
        rng.standard_normal(3),
        rng.random(3) + 0.5,
        rng.standard_normal(3),
        rng.standard_normal(3),
    )
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, weight, bias)]
    buffers = [torch.from_numpy(a.copy()) for a in (mean, var)]
    want = torch.nn.functional.batch_norm(tensors[0], *buffers, *tensors[1:], training, 0.3, 1e-3)
    want_grads = torch.autograd.grad(want, tensors, torch.from_numpy(dy))
    if training:
        rule, nothing = RULES["batch_norm_with_statistics"], np.zeros(3)
        (y, *new), saved = rule.forward(x, mean, var, weight, bias, momentum=0.3, eps=1e-3)
        np.testing.assert_allclose(new, [buffer.numpy() for buffer in buffers], rtol=1e-13)
        grads = rule.backward(saved, (dy, nothing, nothing))
    else:
        y, saved = RULES["batch_norm_eval"].forward(x, mean, var, weight, bias, eps=1e-3)
        grads = RULES["batch_norm_eval"].backward(saved, dy)
    np.testing.assert_allclose(y, want.detach().numpy(), rtol=1e-12, atol=1e-13)
    for got, theirs in zip((grads[0], *grads[3:]), want_grads, strict=True):
        np.testing.assert_allclose(got, theirs.numpy(), rtol=1e-12, atol=1e-13)


def test_groups_reach_from_a_layer_norm_to_an_instance_norm():
    np.testing.assert_allclose(
        forward("group_norm", X, num_groups=1), forward("layer_norm", X, normalized_shape=(4, 3)), rtol=1e-14
    )
    np.testing.assert_allclose(forward("group_norm", X, num_groups=4), forward("instance_norm", X), rtol=1e-14)


def test_a_shape_given_as_one_number_is_that_of_the_last_axis():
    assert forward("layer_norm", X, normalized_shape=3).tolist() == forward("layer_norm", X).tolist()


def test_a_bias_without_a_weight():
    """A network cannot leave out the middle one of three arrays; a person can."""
    y, saved = RULES["layer_norm"].forward(X, None, np.ones(3))
    np.testing.assert_allclose(y, forward("layer_norm", X) + 1, rtol=1e-14)
    dx, dgamma, dbeta = RULES["layer_norm"].backward(saved, X)
    assert (dx.shape, dgamma, dbeta.tolist()) == (X.shape, None, X.sum((0, 1)).tolist())


def test_normalize_of_zeros_in_half_precision():
    """1e-12 is 0 in float16: PyTorch divides 0 by it. Here the division is in float32."""
    torch = pytest.importorskip("torch")
    x = np.zeros((1, 3), np.float16)
    assert forward("normalize", x).tolist() == x.tolist()
    assert torch.isnan(torch.nn.functional.normalize(torch.from_numpy(x))).all()


@pytest.mark.parametrize("size", [3, 4, 5, 9])
def test_windows_of_channels_wider_than_there_are_channels(size):
    torch = pytest.importorskip("torch")
    want = torch.nn.functional.local_response_norm(torch.from_numpy(X), size, alpha=0.5)
    np.testing.assert_allclose(forward("local_response_norm", X, size=size, alpha=0.5), want.numpy(), rtol=1e-14)


@pytest.mark.parametrize("rule", ["batch_norm", "instance_norm"])
def test_pytorchs_cotangent_may_lie_in_any_order(rule):
    """Its own backward mixes up entries where x and dy lie in different orders: the mirror puts them in one."""
    values = np.random.default_rng(0).normal(size=(2, 1, 3, 4, 1))
    x, dy = torch.tensor(values[0]), torch.tensor(values[1])
    turned = dy.transpose(1, 2).contiguous().transpose(1, 2)
    assert torch.equal(turned, dy)
    plain = (lambda a: F.batch_norm(a, None, None, training=True)) if rule == "batch_norm" else F.instance_norm
    want = _pulled(plain, x, dy)
    assert torch.equal(_pulled(MIRRORS[rule].torch, x, turned), want)
    assert not torch.equal(_pulled(plain, x, turned), want), "PyTorch has mended it: the mirror can be plain"


@pytest.mark.parametrize("rule", ["batch_norm", "instance_norm"])
def test_a_cotangent_that_is_not_there_has_no_order(rule):
    x = torch.tensor(X, requires_grad=True)
    assert torch.autograd.gradcheck(MIRRORS[rule].torch, (x,), check_undefined_grad=True)


def _pulled(function, x, dy):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x), x, dy)[0]
