"""What is meant and is not the derivative: declared it is proved, undeclared it is named, and a wrong one is found."""

import numpy as np
import pytest
import torch

import backcheck
from backcheck import BadInput, Meant, check_jax, check_layer, check_torch, check_vjp, verify_rule
from backcheck_reports.record import Verdict
from tests.subjects.intents import DY, PUBLISHED, X, identity, of, passed, same
from tests.subjects.torch_functions import function


def check_of(name, backward=None, **options):
    forward, own, _, _, arrays, _ = PUBLISHED[name]
    dy = DY if arrays[0].shape == DY.shape else None
    return check_vjp(forward, backward or own, *arrays, cotangent=dy, **options)


@pytest.mark.parametrize("name", PUBLISHED)
def test_declared_it_is_a_convention(name):
    published = PUBLISHED[name]
    check = check_of(name, meant=published.meant)
    assert check.verdict is Verdict.CONVENTION, check.explain()
    assert check
    assert published.said in str(check)
    assert "meant=" in check.reproducer


@pytest.mark.parametrize("name", PUBLISHED)
def test_undeclared_it_disagrees_and_is_named_with_the_line_to_add(name):
    check = check_of(name)
    assert check.verdict is Verdict.DISAGREE or name == "DoReFa weights"  # whose rounding hangs on a tie
    assert not check
    said = [note for note in check.notes if "declare it: meant=" in note]
    assert bool(said) is bool(PUBLISHED[name].known), check
    if said:
        assert PUBLISHED[name].known in said[0]
        # the line does what it says
        meant = eval(said[0].partition("meant=")[2], {"np": np, "backcheck": backcheck})
        assert check_of(name, meant=meant).verdict is Verdict.CONVENTION


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_not_as_declared_disagrees(name):
    def backward(saved, dy):
        grads = PUBLISHED[name].backward(saved, dy)
        first, *others = grads if isinstance(grads, tuple) else (grads,)
        return (first * 1.001 + 1e-3, *others)

    check = check_of(name, backward, meant=PUBLISHED[name].meant)
    assert check.verdict is Verdict.DISAGREE
    assert "its own forward" not in str(check)


WRONG = {
    "tanh passed on": (np.tanh, passed),
    "the slope of tanh twice": (np.tanh, lambda s, dy: 2 * dy * (1 - np.tanh(s[0]) ** 2)),
    "a factor for a square": (lambda x: x * x, lambda s, dy: s[0] * dy),
    "a step with noise": (np.sign, lambda s, dy: dy * np.array([0.3, 0.9, 0.1, 0.7, 0.5, 0.2])),
    "sine for cosine": (np.sin, lambda s, dy: dy * np.sin(s[0])),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_given_no_such_name(name):
    forward, backward = WRONG[name]
    check = check_vjp(of(forward), backward, X, cotangent=DY)
    assert check.verdict is Verdict.DISAGREE
    assert "declare it" not in str(check)


def test_a_declaration_that_is_not_needed_is_said():
    check = check_vjp(of(lambda x: x * x), lambda s, dy: 2 * s[0] * dy, X, meant=lambda x: x * x)
    assert check.verdict is Verdict.AGREE
    assert "not needed" in check.notes[-1]


BAD = {
    "a number": (3, "meant= takes a function"),
    "nothing": (Meant(), "meant= takes a function"),
    "another shape": (lambda x: x[:2], r"meant returns an array of shape \[2\], and forward one of \[6\]"),
    "it raises": (lambda x: x @ np.ones((2, 2)), "meant raises ValueError"),
    "a cotangent of another shape": (Meant(cotangent=lambda dy: dy[:1]), "cotangent.dy. has shape"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_meant(name):
    meant, says = BAD[name]
    with pytest.raises(BadInput, match=says):
        check_vjp(of(np.round), passed, X, meant=meant)


@pytest.mark.parametrize("name", ["round", "clip by value", "spike, SuperSpike"])
def test_drawn_cases(name):
    forward, backward, meant, _, _, _ = PUBLISHED[name]
    found = verify_rule((forward, backward), "n", draws=5, meant=meant)
    assert found.verdict is Verdict.CONVENTION, found.explain()
    wrong = verify_rule((forward, lambda s, dy: 1.5 * backward(s, dy)), "n", draws=5, meant=meant)
    assert wrong.verdict is Verdict.DISAGREE


def test_drawn_cases_without_a_declaration_are_named():
    found = verify_rule((of(same), lambda s, dy: -0.3 * dy), "n", draws=5)
    assert found.verdict is Verdict.DISAGREE
    assert "meant=lambda x: -0.3 * x" in str(found)


class Binarised:
    """A weight that is binarised in forward, trained straight through."""

    def __init__(self):
        self.W, self.dW = np.array([[0.4, -1.2], [0.3, 0.9], [-0.2, 0.7]]), None

    def forward(self, x):
        self.x = x
        return x @ np.sign(self.W)

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ np.sign(self.W).T


def test_a_layer():
    x = np.array([[1.0, -2.0, 0.5], [0.3, 0.8, -1.0]])
    check = check_layer(Binarised, x)
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "W")


def test_frameworks():
    made = function(lambda x: torch.round(x), lambda saved, dy: dy)
    check = check_torch(made, X, meant=identity)
    assert check.verdict is Verdict.CONVENTION
    assert "PyTorch: agree" in str(check)
    assert check_torch(made, X, meant=lambda x: 2 * x).verdict is Verdict.DISAGREE
    said = str(check_torch(function(lambda x: x * 1, lambda saved, dy: dy.clamp(-1, 1)), X, cotangent=DY))
    assert "torch.clip(dy, -1.0, 1.0)" in said
    clipped = Meant(cotangent=lambda dy: torch.clip(dy, -1.0, 1.0))
    made = function(lambda x: x * 1, lambda saved, dy: dy.clamp(-1, 1))
    assert check_torch(made, X, cotangent=DY, meant=clipped).verdict is Verdict.CONVENTION


def test_jax():
    import jax
    import jax.numpy as jnp

    @jax.custom_vjp
    def rounded(x):
        return jnp.round(x)

    rounded.defvjp(lambda x: (jnp.round(x), None), lambda _, dy: (dy,))
    assert check_jax(rounded, X, meant=identity).verdict is Verdict.CONVENTION
    assert check_jax(rounded, X, meant=lambda x: -x).verdict is Verdict.DISAGREE


def test_the_declaration_is_among_the_arguments_of_a_script():
    check = check_vjp(
        of(same), lambda s, dy: np.clip(dy, -1, 1), X, cotangent=DY, meant=PUBLISHED["clip by value"].meant
    )
    assert "cotangent=np.array([3.0, -0.4" in check.reproducer


def lsq(x, s):
    """A learned step size (LSQ): x / s rounded inside of [-2, 1], times s."""
    return np.round(np.clip(x / s, -2, 1)) * s


def lsq_backward(saved, dy):
    x, s = saved
    inside = (x / s >= -2) & (x / s <= 1)
    slope = np.where(inside, np.round(x / s) - x / s, np.clip(np.round(x / s), -2, 1))
    return dy * inside, np.asarray((dy * slope).sum())


def lsq_meant(x, s):
    clipped = np.clip(x / s, -2, 1)
    return (clipped + backcheck.constant(np.round(clipped) - clipped)) * s


def test_what_is_held_constant():
    arrays = (X, np.array(0.8))
    assert check_vjp(of(lsq), lsq_backward, *arrays).verdict is Verdict.DISAGREE
    assert check_vjp(of(lsq), lsq_backward, *arrays, meant=lsq_meant).verdict is Verdict.CONVENTION

    def wrong(saved, dy):
        dx, ds = lsq_backward(saved, dy)
        return dx, ds * 1.01

    check = check_vjp(of(lsq), wrong, *arrays, meant=lsq_meant)
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "array1")


def test_the_frameworks_own_words_for_it():
    import jax
    import jax.numpy as jnp

    made = function(lambda x: torch.round(x), lambda saved, dy: dy)
    assert check_torch(made, X, meant=lambda x: x + (x.round() - x).detach()).verdict is Verdict.CONVENTION
    assert check_torch(made, X, meant=lambda x: 2 * x + (x.round() - 2 * x).detach()).verdict is Verdict.DISAGREE

    @jax.custom_vjp
    def rounded(x):
        return jnp.round(x)

    rounded.defvjp(lambda x: (jnp.round(x), None), lambda _, dy: (dy,))
    held = check_jax(rounded, X, meant=lambda x: x + jax.lax.stop_gradient(jnp.round(x) - x))
    assert held.verdict is Verdict.CONVENTION, held.explain()


def test_two_outputs_one_of_them_straight_through():
    def both(x):
        return (np.round(x), x * x), x

    def backward(x, dy):
        return dy[0] + 2 * x * dy[1]

    assert check_vjp(both, backward, X, meant=lambda x: (x, x * x)).verdict is Verdict.CONVENTION
    wrong = check_vjp(both, backward, X)
    assert (wrong.verdict, wrong.finding.argument) == (Verdict.DISAGREE, "x")


def test_weights_of_layers_and_modules():
    x = np.array([[1.0, -2.0, 0.5], [0.3, 0.8, -1.0]])
    check = check_layer(Binarised, x, meant=lambda x, W: x @ (W + backcheck.constant(np.sign(W) - W)))
    assert check.verdict is Verdict.CONVENTION
    assert {str(m.verdict) for (key, who), m in check.measures.items() if who == "numpy"} == {"agree", "convention"}
    signs = function(lambda w: torch.sign(w), lambda saved, dy: dy)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.linspace(-1, 1.3, 6).reshape(3, 2))

        def forward(self, x):
            return x @ signs.apply(self.w)

    held = check_torch(Net(), x, meant=lambda x, w: x @ (w + (w.sign() - w).detach()))
    assert held.verdict is Verdict.CONVENTION
    assert check_torch(Net(), x).finding.argument == "w"


def test_an_option_is_in_the_declaration():
    def reversal(x, *, lam):
        return x * 1.0, lam

    check = check_vjp(reversal, lambda lam, dy: -lam * dy, X, config={"lam": 0.3}, meant=lambda x, lam: -lam * x)
    assert "gradient reversal, by 0.3" in str(check)


def test_a_declaration_at_second_order():
    made = function(lambda x: torch.sign(x), lambda saved, dy: dy)
    assert check_torch(made, X, meant=identity, order=2).verdict is Verdict.CONVENTION
