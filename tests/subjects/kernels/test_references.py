"""In what a reference is written, and the three as functions of tensors."""

import sys

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch

from backcheck.errors import BadInput
from backcheck.subjects.kernels.asked.references import kind_of, reference_as_torch

X = np.linspace(-1, 2, 6).reshape(2, 3)
LABELS = np.array([2, 0])


class WrongSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, dy):
        return 7 * dy


def by_numpy(x, labels):
    e = np.exp(x - x.max(-1, keepdims=True))
    return -np.log(e / e.sum(-1, keepdims=True))[np.arange(len(x)), labels].mean()


def by_jax(x, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], 1).mean()


def by_torch(x, labels):
    return torch.nn.functional.cross_entropy(x, labels)


REFERENCES = {"numpy": by_numpy, "jax": by_jax, "torch": by_torch}


@pytest.mark.parametrize("first", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("kind", REFERENCES)
def test_a_reference_shows_its_kind(kind, first):
    assert kind_of(REFERENCES[kind], [X, LABELS], first=first) == kind
    assert kind_of(REFERENCES[kind], [X.astype(ml_dtypes.bfloat16), LABELS], first=first) == kind


@pytest.mark.parametrize("kind", REFERENCES)
def test_the_three_have_one_value_and_one_gradient(kind):
    def answer(function):
        x = torch.tensor(X, requires_grad=True)
        y = function(x, torch.tensor(LABELS))
        return y.detach(), *torch.autograd.grad(y, x)

    want = answer(by_torch)
    got = answer(reference_as_torch(REFERENCES[kind], kind))
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x: x * 2, "numpy"),
        (lambda x: x.exp(), "torch"),
        (lambda x: torch.exp(x), "torch"),
        (lambda x: (torch.as_tensor(x).exp(), x.sum()), "torch"),
        (lambda x: (np.exp(x), float(x.sum())), "numpy"),
        (lambda x: {"y": jnp.exp(x)}, "jax"),
        (jax.jit(lambda x: x * 2), "jax"),
        (torch.nn.Linear(3, 2), "torch"),
        (WrongSquare, "torch"),
        (lambda x: (jnp.exp(x), 1.0), "jax"),
    ],
)
def test_kinds_of_functions(function, kind):
    assert kind_of(function, [X]) == kind


def test_what_belongs_to_no_framework_is_that_of_the_kernel():
    assert kind_of(lambda x: x * 2, [X], first="torch") == "torch"
    assert kind_of(lambda x: np.exp(x), [X], first="torch") == "numpy"


def test_options_reach_the_reference():
    assert kind_of(lambda x, *, axis: np.sum(x, axis=axis), [X], {"axis": 1}) == "numpy"


def test_the_arrays_stay_as_they_are():
    before = X.copy()

    def changes(x):
        x *= 0
        return x

    assert kind_of(changes, [X]) == "numpy"
    assert (before == X).all()


def test_a_backward_by_hand_is_left_out():
    x = torch.ones(2, requires_grad=True)
    reference_as_torch(lambda x: WrongSquare.apply(x), "torch")(x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        (None, "reference must be a function; got NoneType"),
        (lambda x, y: x, "with NumPy arrays it raises TypeError: .* and with tensors it raises TypeError: "),
        (
            lambda x: None,
            "with NumPy arrays it returned NoneType, and not arrays and with tensors it returned",
        ),
        (lambda x: (x, "text"), "returned ndarray and str"),
        (lambda x: jnp.exp("a\nb") + torch.exp("a"), "with NumPy arrays it raises TypeError"),
        (lambda x: sys.exit(3), r"calls sys.exit\(3\)"),
    ],
)
def test_wrong_use_is_one_sentence(reference, says):
    with pytest.raises(BadInput, match=says) as caught:
        kind_of(reference, [X])
    assert "\n" not in str(caught.value)
