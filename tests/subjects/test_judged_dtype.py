"""The dtype that a check judges in is the one that the code sees; what rounds to a narrower one is judged in that."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import backcheck
from backcheck_reports.record import Verdict

X = np.array([0.3, -1.2, 0.7])
ROUNDS = "rounds to float32 on the way, and is judged in that"


def torch_function(forward, backward):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, dy):
            return backward(ctx.saved_tensors[0], dy)

    return Own


def jax_function(forward, backward):
    own = jax.custom_vjp(forward)
    own.defvjp(lambda x: (forward(x), x), lambda x, dy: (backward(x, dy),))
    return own


def buffer(x):
    held = torch.zeros(3)
    held.copy_(x * x)
    return held.to(x.dtype)


def thirds(x):
    return (torch.ones(3) / 3).to(x.dtype)


def jax_thirds(x):
    return (jnp.ones(3, jnp.float32) / 3).astype(x.dtype)


BYTES = {torch.float32: 4, torch.float64: 8}
# forward, its right backward
SEES = {
    "compared": (lambda x: x * BYTES[x.dtype], lambda x, dy: BYTES[x.dtype] * dy),
    "element_size": (lambda x: x * x.element_size(), lambda x, dy: BYTES[x.dtype] * dy),
    "itemsize": (lambda x: x * x.dtype.itemsize, lambda x, dy: BYTES[x.dtype] * dy),
    "largest": (lambda x: x.clamp(max=torch.finfo(x.dtype).max) * x, lambda x, dy: 2 * x * dy),
    "masked": (
        lambda x: x.masked_fill(torch.tensor([True, False, False]), torch.finfo(x.dtype).min).softmax(0),
        lambda x, dy: (lambda y: y * (dy - (y * dy).sum()))(
            x.masked_fill(torch.tensor([True, False, False]), torch.finfo(x.dtype).min).softmax(0)
        ),
    ),
    "eps": (lambda x: x * (x + torch.finfo(x.dtype).eps), lambda x, dy: (2 * x + torch.finfo(x.dtype).eps) * dy),
    "zeros": (lambda x: torch.zeros(3, dtype=x.dtype) + x * x, lambda x, dy: 2 * x * dy),
    "new": (lambda x: x.new_zeros(3) + x * x.new_full((3,), 0.1), lambda x, dy: dy * x.new_full((3,), 0.1)),
    "number": (lambda x: x * torch.tensor(0.1, dtype=x.dtype), lambda x, dy: dy * torch.tensor(0.1, dtype=x.dtype)),
    "type": (lambda x: x.type(x.type()) * x, lambda x, dy: 2 * x * dy),
    "taken out": (lambda x: x * torch.arange(3.0).max().item(), lambda x, dy: 2 * dy),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SEES)
def test_the_code_sees_the_dtype_that_it_is_judged_in(name, dtype):
    forward, backward = SEES[name]
    check = backcheck.check_torch(torch_function(forward, backward), X.astype(dtype))
    assert check.verdict is Verdict.AGREE
    assert {m.verdict for (_, party), m in check.measures.items() if party == "exact"} == {Verdict.AGREE}
    wrong = backcheck.check_torch(torch_function(forward, lambda x, dy: 1.01 * backward(x, dy)), X.astype(dtype))
    assert wrong.verdict is Verdict.DISAGREE


# forward, its right backward, whether it is judged as float32 when it is right
NARROW = {
    "constant": (lambda x: thirds(x) * x, lambda x, dy: thirds(x) * dy, False),
    "constant said twice": (lambda x: x * torch.full((3,), 0.1), lambda x, dy: 0.1 * dy, True),
    "table": (
        lambda x: x * torch.sin(torch.arange(3) / 7.0),
        lambda x, dy: dy * torch.sin(torch.arange(3) / 7.0),
        False,
    ),
    "round trip": (lambda x: x.float().double() ** 2, lambda x, dy: 2 * x * dy, True),
    "buffer": (buffer, lambda x, dy: 2 * x * dy, True),
    "product": (lambda x: (x.float() * x.float()).to(x.dtype), lambda x, dy: 2 * x * dy, True),
    "mask": (lambda x: x * (x > 0).float(), lambda x, dy: dy * (x > 0), False),
}


@pytest.mark.parametrize("name", NARROW)
def test_float32_in_float64_code_of_pytorch(name):
    forward, backward, said = NARROW[name]
    check = backcheck.check_torch(torch_function(forward, backward), X)
    assert check.verdict is Verdict.AGREE
    assert any(ROUNDS in note for note in check.notes) == said
    assert check.checked.problem.dtype == ("float32" if said else "float64")
    wrong = backcheck.check_torch(torch_function(forward, lambda x, dy: 1.0001 * backward(x, dy)), X)
    assert wrong.verdict is Verdict.DISAGREE


JAX = {
    "constant": (lambda x: jax_thirds(x) * x, lambda x, dy: jax_thirds(x) * dy, False),
    "round trip": (lambda x: x.astype(jnp.float32).astype(x.dtype) ** 2, lambda x, dy: 2 * x * dy, True),
    "in a loop": (
        lambda x: jax.lax.fori_loop(0, 2, lambda _, y: (y.astype(jnp.float32) * 2).astype(y.dtype), x) * x,
        lambda x, dy: 8 * x * dy,
        True,
    ),
    "mask": (lambda x: x * (x > 0).astype(jnp.float32), lambda x, dy: dy * (x > 0), False),
}


@pytest.mark.parametrize("name", JAX)
def test_float32_in_float64_code_of_jax(name):
    forward, backward, said = JAX[name]
    check = backcheck.check_jax(jax_function(forward, backward), X)
    assert check.verdict is Verdict.AGREE
    assert any(ROUNDS in note for note in check.notes) == said
    wrong = backcheck.check_jax(jax_function(forward, lambda x, dy: 1.0001 * backward(x, dy)), X)
    assert wrong.verdict is Verdict.DISAGREE


SEES_IN_JAX = {
    "compared": (
        lambda x: x * (2 if x.dtype == jnp.float32 else 3),
        lambda x, dy: dy * (2 if x.dtype == jnp.float32 else 3),
    ),
    "masked": (
        lambda x: jax.nn.softmax(jnp.where(jnp.array([True, False, False]), jnp.finfo(x.dtype).min, x)) * 0.044715,
        lambda x, dy: (lambda y: y * (dy * 0.044715 - (y * dy).sum() * 0.044715))(
            jax.nn.softmax(jnp.where(jnp.array([True, False, False]), jnp.finfo(x.dtype).min, x))
        ),
    ),
    "other operations": (
        lambda x: jnp.sin(x) if x.dtype == jnp.float32 else x,
        lambda x, dy: dy * jnp.cos(x) if x.dtype == jnp.float32 else dy,
    ),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SEES_IN_JAX)
def test_jax_code_sees_the_dtype_that_it_is_judged_in(name, dtype):
    forward, backward = SEES_IN_JAX[name]
    check = backcheck.check_jax(jax_function(forward, backward), X.astype(dtype))
    assert check.verdict is Verdict.AGREE
    wrong = backcheck.check_jax(jax_function(forward, lambda x, dy: 1.01 * backward(x, dy)), X.astype(dtype))
    assert wrong.verdict is Verdict.DISAGREE


@pytest.mark.parametrize(
    ("function", "slope", "factor"), [(np.sin, torch.cos, -5), (np.exp, torch.exp, 2), (np.tanh, torch.cos, 3)]
)
def test_a_value_that_leaves_pytorch_as_float32_is_judged_by_differences(function, slope, factor):
    def forward(x):
        return torch.Tensor(function(x.detach().numpy()))

    wrong = backcheck.check_torch(torch_function(forward, lambda x, dy: factor * dy * slope(x)), X)
    assert wrong.verdict is Verdict.DISAGREE
    if function is not np.tanh:
        right = backcheck.check_torch(torch_function(forward, lambda x, dy: dy * slope(x)), X)
        assert right.verdict is Verdict.AGREE
