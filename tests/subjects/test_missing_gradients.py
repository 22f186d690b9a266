"""None for an array of floats: one finding in all the ways in, and none where there is no derivative."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from backcheck import check_jax, check_layer, check_torch, check_vjp, verify_rule
from backcheck_reports.record import Verdict
from tests.subjects.torch_functions import function

X, W = np.array([0.5, -1.0, 2.0]), np.array([1.6, 0.25, -0.75])


def product(x, w):
    return x * w, (x, w)


def masked(x, w):
    return x * (w > 0), (x, w > 0)


def rounded(x, w):
    return x * np.round(w), (x, np.round(w))


def by_float(x, w):
    """Its numbers leave exact arithmetic."""
    return np.array([float(a) * float(b) for a, b in zip(x, w, strict=True)]), (x, w)


def first(saved, dy):
    return dy * saved[1], None


def neither(saved, dy):
    return None, None


# forward, backward, which array has no gradient; "" where none is missing
PAIRS = {
    "a product": (product, first, "w"),
    "both": (product, neither, "x"),
    "a mask": (masked, first, ""),
    "a step": (rounded, first, ""),
    "without exact numbers": (by_float, first, "w"),
    "not read": (lambda x, w: (x * 2, (x, 2.0)), first, ""),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair(name):
    forward, backward, argument = PAIRS[name]
    check = check_vjp(forward, backward, X, W)
    if not argument:
        assert check.verdict is Verdict.AGREE, check
        return
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, argument)
    assert "backward returns None, and the derivative is not zero" in check.note.lines[0]
    assert "got" not in str(check)
    assert "fixed=" in check.note.lines[0]
    if argument == "w":
        fixed = check_vjp(forward, backward, X, W, fixed="w")
        assert fixed.verdict is Verdict.AGREE
        assert "fixed='w'" in fixed.reproducer


def test_a_wrong_gradient_beside_a_missing_one():
    check = check_vjp(product, lambda saved, dy: (dy * saved[0], None), X, W)
    assert check.finding.argument == "x"
    assert "no gradient for w" in str(check)


def test_no_gradient_at_all_where_there_is_none_to_give():
    assert check_vjp(lambda x: (np.sign(x), x), lambda x, dy: None, X).verdict is Verdict.VACUOUS
    assert check_vjp(lambda x: (x + 1, x), lambda x, dy: None, X).finding.argument == "x"


class Affine:
    def __init__(self):
        self.params, self.grads = {"W": np.ones((3, 2)), "b": np.zeros(2)}, {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        self.grads = {"W": self.x.T @ dy}
        return dy @ self.params["W"].T


class Last(Affine):
    """The first layer of a network, whose input needs no gradient."""

    def backward(self, dy):
        self.grads = {"W": self.x.T @ dy, "b": dy.sum(0)}


class Norm(Affine):
    """In evaluation, with its statistics among the parameters."""

    def __init__(self):
        self.params, self.grads = {"gamma": np.ones(3), "running_mean": np.full(3, 0.5)}, {}

    def forward(self, x):
        self.x = x - self.params["running_mean"]
        return self.x * self.params["gamma"]

    def backward(self, dy):
        self.grads = {"gamma": (dy * self.x).sum(0)}
        return dy * self.params["gamma"]


def test_statistics_among_the_parameters_want_no_gradient():
    assert check_layer(Norm, np.eye(3)).verdict is Verdict.AGREE


@pytest.mark.parametrize(("layer", "argument"), [(Affine, "b"), (Last, "x")])
def test_a_layer(layer, argument):
    check = check_layer(layer, np.eye(3))
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, argument)
    assert check_layer(layer, np.eye(3), fixed=argument).verdict is Verdict.AGREE


def test_an_autograd_function():
    half = function(lambda x, w: x * w, lambda saved, dy: (dy * saved[1], None))
    check = check_torch(half, X, W)
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "w")
    x, w = torch.from_numpy(X).requires_grad_(), torch.from_numpy(W)
    held = check_torch(half, x, w)
    assert held.verdict is Verdict.AGREE
    assert held.checked.problem.wanted == ("x",)
    assert check_torch(half, X, W, fixed=("w",)).verdict is Verdict.AGREE
    outside = check_torch(lambda x, w: half.apply(x, w) + 0 * w.detach(), X, W)
    assert outside.finding.argument == "w"


@jax.custom_vjp
def times(x, w):
    return x * w


times.defvjp(lambda x, w: (x * w, (x, w)), lambda saved, dy: (dy * saved[1], None))


@jax.custom_vjp
def on(x, w):
    return jnp.where(w > 0, x, 0)


on.defvjp(lambda x, w: (jnp.where(w > 0, x, 0), w), lambda w, dy: (jnp.where(w > 0, dy, 0), None))


def test_a_custom_vjp():
    check = check_jax(times, X, W)
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "w")
    assert "backward returns None" in check.note.lines[0]
    assert check_jax(times, X, W, fixed="w").verdict is Verdict.AGREE
    assert check_jax(on, X, W).verdict is Verdict.AGREE


def sometimes(saved, dy):
    """None for w as soon as there are more entries than one."""
    return dy * saved[1], dy * saved[0] if len(dy) < 2 else None


DRAWN = {
    "always": ((product, first), "w"),
    "sometimes": ((product, sometimes), "w"),
    "a mask": ((masked, first), ""),
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_cases(name):
    rule, argument = DRAWN[name]
    found = verify_rule(rule, ("n", "n"), draws=30)
    if not argument:
        assert found.verdict is Verdict.AGREE, found.explain()
        assert set(found.judged) == {"x"}  # of w nothing was claimed
        return
    assert (found.verdict, found.failure.finding.argument) == (Verdict.DISAGREE, argument)
    assert "backward returns None" in found.failure.note.lines[0]
    assert verify_rule(rule, ("n", "n"), draws=10, fixed="w").verdict is Verdict.AGREE
