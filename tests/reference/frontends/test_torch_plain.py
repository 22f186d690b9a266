"""PyTorch's own autograd through a forward, in place of the backward written by hand."""

import numpy as np
import pytest
import torch

from backcheck.subjects.pairs.torch_function import as_pair, without_custom_backward
from backcheck.verdicts.truth.node import argument_names
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import exact

X = np.array([[0.5, -1.25], [2.0, 0.75], [-0.25, 1.5]])


class Square(torch.autograd.Function):
    """Its backward is wrong on purpose: three times x for twice x."""

    @staticmethod
    def forward(ctx, x, power=2):
        ctx.save_for_backward(x)
        with torch.no_grad():
            return x.detach() * x.data

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return 3 * x * dy, None


class Halves(torch.autograd.Function):
    """The newer style, with two outputs, one of them a mask; its backward is wrong on purpose."""

    @staticmethod
    def forward(x, factor):
        return x * factor, x > 0

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.factor = inputs[1]
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, dy, _):
        return -dy * ctx.factor, None


square = Square.apply


def leaving(forward):
    """A Function whose forward is `forward` and whose backward nobody needs here."""

    class Leaving(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return forward(x)

        @staticmethod
        def backward(ctx, dy):
            return dy

    return Leaving


def pulled(function, x, dy):
    """(value, gradient by the first array) of a function as a pair."""
    pair = as_pair(function)
    y, saved = pair.forward(x)
    return y, pair.backward(saved, dy)[0]


@pytest.mark.parametrize(
    ("function", "slope"),
    [(Square, 2 * X), (lambda x: square(x) + x, 2 * X + 1), (lambda x: Halves.apply(x, 4)[0], np.full((3, 2), 4.0))],
)
def test_without_its_backward_a_function_has_pytorchs_own(function, slope):
    ones = np.ones_like(X)
    assert np.array_equal(pulled(without_custom_backward(function), X, ones)[1], slope)
    assert np.array_equal(
        exact.to_float(pulled(without_custom_backward(function), exact.lift(X), exact.lift(ones))[1]), slope
    )
    assert not np.array_equal(pulled(function, X, ones)[1], slope)


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        (lambda x: torch.from_numpy(np.exp(x.numpy())), "numpy"),
        (lambda x: torch.from_numpy(np.exp(x.detach().numpy())), "numpy"),
        (lambda x: x * x.max().item(), "item"),
        (lambda x: torch.tensor(x.tolist()), "tolist"),
        (lambda x: torch.exp(x, out=torch.empty(3, 2, dtype=x.dtype)), "out="),
        (lambda x: torch.zeros_like(x), "lost its inputs"),
    ],
)
def test_autograd_that_cannot_follow_a_forward_says_why(forward, reason):
    with pytest.raises(Unavailable, match=f"cannot follow the forward of Leaving: .*{reason}"):
        as_pair(without_custom_backward(leaving(forward))).forward(X)
    assert "apply" not in vars(torch.autograd.Function.__mro__[1])


def test_the_plain_function_keeps_the_names_of_its_arrays():
    assert argument_names(as_pair(without_custom_backward(Square)), 1) == ("x",)
    assert argument_names(as_pair(without_custom_backward(Halves)), 2) == ("x", "factor")
