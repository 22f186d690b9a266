"""PyTorch's functions on exact numbers against PyTorch itself: values and gradients, within the rounding of float64.

As in `test_jax_primitives`, the bound is that of the same code on balls of 53 bits.
"""

import numpy as np
import pytest
import torch

import backcheck
from backcheck.subjects.pairs.torch_function import as_pair
from backcheck_reference.frontends.torch_code.aten import table
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact
from backcheck_reports.record import Verdict
from tests.reference.frontends.three_numbers import cotangent, on_three_numbers
from tests.reference.frontends.torch_table import GROUPS

CASES = {f"{group}: {name}": row for group, rows in GROUPS.items() for name, row in rows.items()}


def compare(name):
    function, *arrays = CASES[name]
    pair = as_pair(function)
    dy = cotangent(pair, arrays)
    floats, truths, wide = on_three_numbers(pair, arrays, dy)
    for got, truth, ball in zip(floats, truths, wide, strict=True):
        exact.require_exact(name, truth)
        assert got.shape == truth.shape == ball.shape
        assert np.all(abs(got - exact.to_float(truth)) <= balls.SLACK * balls.radii(ball))
        assert exact.overlap(truth, ball)


@pytest.mark.filterwarnings("ignore:index_reduce", "ignore:torch.triangular_solve")
@pytest.mark.parametrize("name", CASES)
def test_exact_numbers_give_what_pytorch_gives(name):
    compare(name)


class Own(torch.autograd.Function):
    """Any function, with PyTorch's own derivative as its backward, times `factor` in the entry that is largest."""

    @staticmethod
    def forward(ctx, function, factor, *arrays):
        ctx.function, ctx.factor = function, factor
        ctx.save_for_backward(*arrays)
        with torch.no_grad():
            return function(*arrays)

    @staticmethod
    def backward(ctx, dy):
        with torch.enable_grad():
            leaves = [each.detach().requires_grad_() for each in ctx.saved_tensors]
            grads = list(torch.autograd.grad(ctx.function(*leaves), leaves, dy))
        mask = torch.ones_like(grads[-1]).reshape(-1)
        mask[ctx.factor[1]] = ctx.factor[0]
        grads[-1] = grads[-1] * mask.reshape(grads[-1].shape)
        return (None, None, *grads)


# one of each kind, judged from end to end
KINDS = (
    *("linear algebra: inv", "linear algebra: eigh", "linear algebra: svd", "linear algebra: slogdet"),
    *(
        "Fourier transforms: irfft rfft filter",
        "complex numbers: view_as_complex rotation",
        "complex numbers: complex tanh",
    ),
    *("special functions: i0 above", "special functions: polygamma 2", "distances: cdist", "order: cummax"),
    *(
        "images: grid_sample bicubic border False",
        "images: interpolate bicubic {}",
        "indices: scatter_reduce amax True",
    ),
    *("losses: multilabel_margin", "pooling: adaptive_max_pool2d", "layers: embedding_bag max"),
    *("distributions: Beta logp", "activations: mish"),
)


@pytest.mark.parametrize("name", KINDS)
def test_a_right_backward_agrees_and_a_wrong_one_does_not(name):
    function, *arrays = CASES[name]
    leaves = [torch.tensor(array).requires_grad_() for array in arrays]
    y = function(*leaves)
    largest = int(torch.autograd.grad(y, leaves, torch.ones_like(y))[-1].abs().argmax())
    right = backcheck.check_torch(lambda *x: Own.apply(function, (1, largest), *x), *arrays)
    assert right.verdict is Verdict.AGREE
    assert {m.verdict for (_, party), m in right.measures.items() if party == "exact"} == {Verdict.AGREE}
    wrong = backcheck.check_torch(lambda *x: Own.apply(function, (1.01, largest), *x), *arrays)
    assert wrong.verdict is Verdict.DISAGREE


@pytest.mark.parametrize(
    ("name", "operator", "other"),
    [
        ("linear algebra: inv", "linalg_inv_ex", "linalg_cholesky_ex"),
        ("order: cummax", "cummax", "cummin"),
        ("images: interpolate bicubic {}", "upsample_bicubic2d", "upsample_bilinear2d"),
    ],
)
def test_an_operator_that_means_another_is_noticed(monkeypatch, name, operator, other):
    monkeypatch.setitem(table.OPERATORS, operator, table.OPERATORS[other])
    with pytest.raises((AssertionError, Unavailable)):
        compare(name)
