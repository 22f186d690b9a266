"""Iterations in PyTorch and JAX with an implicit backward, as their users write them."""

import numpy as np
import pytest

from backcheck import check_jax, check_torch
from backcheck.keys import gradient
from backcheck_reports.record import Verdict

Y = np.array([0.5, 1.3])


def torch_function(forward, backward):
    torch = pytest.importorskip("torch")

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, y):
            x = forward(torch, y)
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return backward(torch, ctx.saved_tensors[0], g)

    return Function, torch.tensor(Y)


def torch_bisection(torch, y):
    low, high = -3 * torch.ones_like(y), 3 * torch.ones_like(y)
    for _ in range(55):
        middle = (low + high) / 2
        above = middle**3 + middle > y
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return (low + high) / 2


def torch_fixed_point(torch, y):
    x = torch.zeros_like(y)
    while True:
        new = torch.tanh(0.5 * x + y)
        if (new - x).abs().max() < 1e-9:
            return new
        x = new


def torch_newton(torch, y):
    x = torch.ones_like(y)
    for _ in range(10):
        x = (x + y / x) / 2
    return x


# forward, right backward, wrong backward
OF_TORCH = {
    "bisection": (
        torch_bisection,
        lambda torch, x, g: g / (3 * x * x + 1),
        lambda torch, x, g: g / (3 * x * x + 2),
    ),
    "fixed point": (
        torch_fixed_point,
        lambda torch, x, g: g * (1 - x * x) / (1 - 0.5 * (1 - x * x)),
        lambda torch, x, g: g * (1 - x * x) * (1 + 0.5 * (1 - x * x)),
    ),
    "Newton": (torch_newton, lambda torch, x, g: g / (2 * x), lambda torch, x, g: g / x),
}


@pytest.mark.parametrize(
    "name",
    # what takes seconds each
    [pytest.param(name, marks=() if name == "Newton" else pytest.mark.slow) for name in OF_TORCH],
)
def test_iterations_in_pytorch(name):
    forward, right, wrong = OF_TORCH[name]
    check = check_torch(*torch_function(forward, right))
    assert check.verdict is Verdict.AGREE, check
    # its own derivative of what the stairs do is no derivative of the staircase, and nobody is blamed for that
    assert check.measures[check.checked.problem.gradients[0], "torch"].verdict in (Verdict.AGREE, Verdict.UNAVAILABLE)
    assert check_torch(*torch_function(forward, wrong)).verdict is Verdict.DISAGREE


def jax_functions():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def bisection(y):
        def halve(_, ends):
            low, high = ends
            middle = (low + high) / 2
            above = middle**3 + middle > y
            return jnp.where(above, low, middle), jnp.where(above, middle, high)

        low, high = jax.lax.fori_loop(0, 50, halve, (-3 * jnp.ones_like(y), 3 * jnp.ones_like(y)))
        return (low + high) / 2

    def fixed_point(y):
        def goes_on(carry):
            old, new = carry
            return jnp.max(jnp.abs(new - old)) > 1e-12

        def step(carry):
            _, x = carry
            return x, jnp.tanh(0.5 * x + y)

        return jax.lax.while_loop(goes_on, step, (jnp.ones_like(y), jnp.zeros_like(y)))[1]

    def scanned(y):
        return jax.lax.scan(lambda h, x: (jnp.tanh(0.5 * h + x),) * 2, jnp.zeros(()), y)[0]

    def of_scanned(y):
        total, slope = 1.0, jnp.zeros_like(y)
        hs = jax.lax.scan(lambda h, x: (jnp.tanh(0.5 * h + x),) * 2, jnp.zeros(()), y)[1]
        for at in reversed(range(2)):
            total = total * (1 - hs[at] ** 2)
            slope = slope.at[at].set(total)
            total = total * 0.5
        return slope

    def with_rule(forward, slope):
        function = jax.custom_vjp(forward)
        function.defvjp(lambda y: (forward(y), (forward(y), y)), lambda saved, g: (g * slope(*saved),))
        return function

    # forward, right slope, wrong slope
    examples = {
        "bisection": (bisection, lambda x, y: 1 / (3 * x * x + 1), lambda x, y: 1 / (3 * x * x + 2)),
        "fixed point": (
            fixed_point,
            lambda x, y: (1 - x * x) / (1 - 0.5 * (1 - x * x)),
            lambda x, y: 1 - x * x,
        ),
        "scan": (scanned, lambda h, y: of_scanned(y), lambda h, y: (1 - h * h) * jnp.ones_like(y)),
    }
    return examples, with_rule


@pytest.mark.parametrize("name", [pytest.param("bisection", marks=pytest.mark.slow), "fixed point", "scan"])
def test_iterations_in_jax(name):
    examples, with_rule = jax_functions()
    forward, right, wrong = examples[name]
    check = check_jax(with_rule(forward, right), Y)
    assert check.verdict is Verdict.AGREE, check
    assert check.measures[gradient("y"), "jax"].verdict in (Verdict.AGREE, Verdict.UNAVAILABLE)
    assert check_jax(with_rule(forward, wrong), Y).verdict is Verdict.DISAGREE
