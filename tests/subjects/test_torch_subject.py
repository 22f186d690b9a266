"""PyTorch functions with hand-written backwards as subjects of the engine: right ones agree, wrong ones do not."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import backcheck
from backcheck.keys import gradient
from backcheck.subjects.pairs.torch_function import as_pair
from backcheck_reports.record import Verdict
from tests.verdicts.helpers import one_node

RNG = np.random.default_rng(0)
INDICES = np.array([2, 0, 2])


def normal(*shape):
    return RNG.normal(size=shape)


def custom(forward, backward):
    """A Function of one output from two plain functions; `backward` gets dy and the tensors that forward was given."""

    class Custom(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *tensors):
            ctx.save_for_backward(*tensors)
            return forward(*tensors)

        @staticmethod
        def backward(ctx, dy):
            return backward(dy, *ctx.saved_tensors)

    return Custom


def examined(function, *arrays, **config):
    named = {f"array{i}": array for i, array in enumerate(arrays)}
    checked = backcheck.check(
        one_node("own", named, **config), named, rules={"own": as_pair(function)}, oracles=("exact",)
    )
    return {key: measure.verdict for key, measure in checked.measures.items()}, checked


def relu_backward(dy, x):
    return torch.where(x > 0, dy, torch.zeros_like(dy))


def relu_backward_in_place(dy, x):
    dx = dy.clone()
    dx[x < 0] = 0
    return dx.mul_(2).div_(2)


def cross_entropy(x, target):
    return -torch.log_softmax(x, 1)[torch.arange(len(x)), target].mean()


def cross_entropy_backward(dy, x, target):
    p = torch.softmax(x, 1)
    p[torch.arange(len(x)), target] -= 1
    return p * (dy / len(x)), None


def layer_norm(x, gamma, beta):
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, correction=0, keepdim=True) + 1e-5) * gamma + beta


def layer_norm_backward(dy, x, gamma, beta, mean_term=1):
    inverse = torch.rsqrt(x.var(-1, correction=0, keepdim=True) + 1e-5)
    xhat, d = (x - x.mean(-1, keepdim=True)) * inverse, dy * gamma
    dx = inverse * (d - mean_term * d.mean(-1, keepdim=True) - xhat * (d * xhat).mean(-1, keepdim=True))
    return dx, (dy * xhat).sum(0), dy.sum(0)


def linear_backward(dy, x, w, b):
    return dy @ w, dy.t() @ x, dy.sum(0)


def conv_backward(dy, x, w, b):
    dx = nn.grad.conv2d_input(x.shape, w, dy, stride=2, padding=1)
    return dx, nn.grad.conv2d_weight(x, w.shape, dy, stride=2, padding=1), dy.sum((0, 2, 3))


def tanh_gelu_backward(dy, x):
    t = torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return dy * 0.5 * (1 + t + x * (1 - t**2) * slope)


def gelu_backward(dy, x):
    density = torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return dy * (0.5 * (1 + torch.erf(x / math.sqrt(2))) + x * density)


def rnn(x, w, u):
    h = torch.zeros(w.shape[1], dtype=x.dtype)
    for row in x:
        h = torch.tanh(row @ w + h @ u)
    return h


def rnn_backward(dy, x, w, u):
    states = [torch.zeros_like(dy)]
    for row in x:
        states.append(torch.tanh(row @ w + states[-1] @ u))
    dx, dw, du = torch.zeros_like(x), torch.zeros_like(w), torch.zeros_like(u)
    for t in reversed(range(len(x))):
        d = dy * (1 - states[t + 1] ** 2)
        dx[t] = w @ d
        dw += torch.outer(x[t], d)
        du += torch.outer(states[t], d)
        dy = u @ d
    return dx, dw, du


def embedding_backward(dy, w, i):
    return torch.zeros_like(w).index_add_(0, i, dy), None


RIGHT = {
    "relu": (custom(lambda x: x.clamp(min=0), relu_backward), [normal(3, 4)]),
    "in place": (custom(lambda x: x.clamp(min=0), relu_backward_in_place), [normal(3, 4)]),
    "cross entropy": (custom(cross_entropy, cross_entropy_backward), [normal(3, 4), INDICES]),
    "layer norm": (custom(layer_norm, layer_norm_backward), [normal(3, 4), normal(4), normal(4)]),
    "linear": (custom(F.linear, linear_backward), [normal(3, 4), normal(2, 4), normal(2)]),
    "conv2d": (
        custom(lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1), conv_backward),
        [normal(2, 3, 5, 4), normal(2, 3, 3, 2), normal(2)],
    ),
    "rnn": (custom(rnn, rnn_backward), [normal(3, 2), normal(2, 2), normal(2, 2)]),
    "embedding": (custom(lambda w, i: w[i], embedding_backward), [normal(4, 2), INDICES]),
    "logsumexp": (
        custom(lambda x: x.logsumexp(1), lambda dy, x: dy[:, None] * torch.softmax(x, 1)),
        [normal(3, 4)],
    ),
    "gelu": (custom(lambda x: F.gelu(x), gelu_backward), [normal(3, 4)]),
    "gelu by tanh": (custom(lambda x: F.gelu(x, approximate="tanh"), tanh_gelu_backward), [normal(3, 4)]),
    "cumsum": (custom(lambda x: x.cumsum(1), lambda dy, x: dy.flip(1).cumsum(1).flip(1)), [normal(3, 4)]),
    "max": (
        custom(
            lambda x: x.amax(1),
            lambda dy, x: torch.zeros_like(x).scatter_(1, x.argmax(1, keepdim=True), dy[:, None]),
        ),
        [normal(3, 4)],
    ),
    "mean": (custom(lambda x: (x**2).mean(), lambda dy, x: dy * (2.0 / x.numel()) * x), [normal(3)]),
    "scalar": (custom(lambda x: x.sin(), lambda dy, x: dy * x.cos()), [normal()]),
    "two outputs": (lambda x: torch.cat([(x * 3).flatten(), torch.exp(x).sum(0)]), [normal(3, 4)]),
    "a branch": (lambda x: x * 2 if x.sum() > 0 else x * 3, [normal(3, 4)]),
    "attention": (F.scaled_dot_product_attention, [normal(1, 2, 3, 4) for _ in range(3)]),
    "transposed": (
        lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1, groups=2, dilation=2),
        [normal(1, 4, 3, 3), normal(4, 1, 3, 2)],
    ),
    "pools": (
        lambda x: F.avg_pool2d(F.max_pool2d(x, 2, 1), 2, 2, 1, ceil_mode=True, count_include_pad=False),
        [normal(1, 2, 4, 5)],
    ),
    "buffers": (
        lambda x: torch.zeros_like(x).copy_(x).view(-1)[2:7].mul_(2).add_(x.t().reshape(-1)[:5]),
        [normal(3, 4)],
    ),
}
WRONG = {
    "factor 2": (custom(lambda x: x**2, lambda dy, x: 4 * x * dy), [normal(3)]),
    "sign": (custom(torch.exp, lambda dy, x: -dy * torch.exp(x)), [normal(3)]),
    "zero": (custom(torch.exp, lambda dy, x: torch.zeros_like(x)), [normal(3)]),
    "no gradient": (lambda x: torch.exp(x.detach()) + 0 * x, [normal(3)]),
    "dropped mean": (
        custom(layer_norm, lambda *a: layer_norm_backward(*a, mean_term=0)),
        [normal(3, 4), normal(4), normal(4)],
    ),
    "half inside": (custom(torch.exp, lambda dy, x: (dy * torch.exp(x)).half().to(dy.dtype)), [normal(3)]),
    "float32 constant": (custom(lambda x: x / 3, lambda dy, x: dy * torch.tensor(1 / 3)), [normal(3)]),
}
TIES = np.array([[1.0, 1.0, 0.0], [0.5, 2.0, 2.0]])


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_function_agrees_with_its_own_differences(name, dtype):
    function, arrays = RIGHT[name]
    verdicts, _ = examined(function, *(a if a.dtype.kind == "i" else a.astype(dtype) for a in arrays))
    assert set(verdicts.values()) == {Verdict.AGREE}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_function_disagrees(name):
    function, arrays = WRONG[name]
    verdicts, _ = examined(function, *arrays)
    assert verdicts[gradient("array0"), "numpy"] is Verdict.DISAGREE
    # what only rounds too much is right as mathematics
    assert verdicts[gradient("array0"), "exact"] is (Verdict.AGREE if name == "half inside" else Verdict.DISAGREE)


def test_a_subgradient_at_a_tie_is_a_kink_and_more_than_one_is_wrong():
    own = {
        "first": lambda dy, x: torch.zeros_like(x).scatter_(1, x.argmax(1, keepdim=True), dy[:, None]),
        "all": lambda dy, x: torch.where(x == x.amax(1, keepdim=True), dy[:, None], torch.zeros_like(x)),
    }
    found = {name: examined(custom(lambda x: x.amax(1), back), TIES)[0] for name, back in own.items()}
    assert found["first"][gradient("array0"), "exact"] is Verdict.KINK
    assert found["all"][gradient("array0"), "exact"] is Verdict.DISAGREE


def test_nothing_to_differentiate_is_vacuous():
    verdicts, _ = examined(custom(lambda x: x**2, lambda dy, x: 2 * x * dy), np.zeros((0, 3)))
    assert set(verdicts.values()) == {Verdict.VACUOUS}
