"""What a gradient is meant as when it is not the derivative: said as what it is, and only where it is proved."""

import re

import numpy as np
import pytest

from backcheck import check_layer, check_vjp
from backcheck.keys import gradient
from backcheck_reports.record import Verdict
from tests.subjects.losses import Deaf, Last, Loss, Within
from tests.subjects.pairs_of_functions import affine_forward, normal

EPS = 1e-5
X, LABELS = normal(4, 3), np.array([0, 2, 1, 2])
ARRAYS = (X, normal(3, 2), normal(2))
P = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)
ONE_HOT = np.eye(3)[LABELS]


def affine_times(*factors):
    def backward(dout, cache):
        (x, w), by = cache, [factor(len(dout)) if callable(factor) else factor for factor in factors]
        return by[0] * (dout @ w.T), by[1] * (x.T @ dout), by[2] * dout.sum(axis=0)

    return backward


def mse_forward(p, t):
    return np.mean((p - t) ** 2), (p, t)


def mse_sum(saved, dy):
    p, t = saved
    return 2 * dy * (p - t), -2 * dy * (p - t)


def of_batch(n):
    return 1 / n


# factors of the gradients by x, w and b: what becomes of them
FACTORS = {
    "1 / batch in all": ((of_batch, of_batch, of_batch), X, "convention"),
    "1 / batch, batch 2": ((of_batch, of_batch, of_batch), X[:2], "convention"),
    "batch in all": ((lambda n: n,) * 3, X, "convention"),
    "1 / batch in the parameters": ((1, of_batch, of_batch), X, "disagree"),
    "1 / batch in one": ((1, 1, of_batch), X, "disagree"),
    "two sizes": ((of_batch, of_batch, lambda n: n), X, "disagree"),
    "2 in all": ((2, 2, 2), X, "disagree"),
    "2 in all, batch 2": ((2, 2, 2), X[:2], "disagree"),
    "1 / 4 in all, batch 4": ((0.25, 0.25, 0.25), X, "disagree"),
    "-1 in all": ((-1, -1, -1), X, "disagree"),
    "right": ((1, 1, 1), X, "agree"),
}


@pytest.mark.parametrize("name", FACTORS)
def test_one_factor_that_is_a_size_in_every_gradient(name):
    factors, x, verdict = FACTORS[name]
    check = check_vjp(affine_forward, affine_times(*factors), x, *ARRAYS[1:])
    assert check.verdict == verdict
    assert bool(check) is (verdict != "disagree")
    if verdict == "convention":
        assert "kept in all 3" in check.notes[0]
        assert check.measures[gradient("w"), "numpy"].reason == check.notes[0]


def test_a_sum_for_a_mean_by_two_that_are_one_gradient_is_no_convention():
    """By p and by t in (p - t)^2: the second says nothing that the first does not."""
    check = check_vjp(mse_forward, mse_sum, X, normal(4, 3))
    assert check.verdict is Verdict.DISAGREE
    assert not check


def weighed_forward(p, w):
    return np.mean(w * p * p), (p, w)


def weighed_sum(saved, dy):
    p, w = saved
    return 2 * dy * w * p, dy * p * p


def test_a_sum_for_a_mean():
    check = check_vjp(weighed_forward, weighed_sum, X, normal(4, 3))
    assert check.verdict is Verdict.CONVENTION
    assert "x 12, the number of inputs" in check.notes[0]


def test_with_a_single_gradient_no_factor_is_a_convention():
    check = check_vjp(mse_forward, lambda saved, dy: (mse_sum(saved, dy)[0], None), X, normal(4, 3))
    assert check.verdict is Verdict.DISAGREE


def literal(p, y):
    return -np.sum(y * np.log(p + 1e-5)), (p, y)


def default(p, y, eps=1e-7):
    return -np.sum(y * np.log(p + eps)), (p, y)


def keyword(p, y, *, eps=1e-7):
    return -np.sum(y * np.log(p + eps)), (p, y)


def of_module(p, y):
    return -np.sum(y * np.log(p + EPS)), (p, y)


def safe_log(p):
    return np.log(p + 1e-6)


def in_helper(p, y):
    return -np.sum(y * safe_log(p)), (p, y)


def closed_over(eps):
    def forward(p, y):
        return -np.sum(y * np.log(p + eps)), (p, y)

    return forward


def log_backward(saved, dy):
    p, y = saved
    return -dy * y / p, None


FORWARDS = [literal, default, keyword, of_module, in_helper, closed_over(1e-6)]


@pytest.mark.parametrize("forward", FORWARDS, ids=lambda each: each.__name__)
def test_an_epsilon_in_the_forward_only(forward):
    check = check_vjp(forward, log_backward, P, ONE_HOT, fixed="y")
    assert check.verdict is Verdict.CONVENTION
    assert "an epsilon in the forward only" in check.notes[-1]
    wrong = check_vjp(forward, lambda saved, dy: (log_backward(saved, dy)[0] * (1 + 1e-9), None), P, ONE_HOT, fixed="y")
    assert wrong.verdict is Verdict.DISAGREE


def test_an_epsilon_among_the_options():
    assert check_vjp(keyword, log_backward, P, ONE_HOT, fixed="y", config={"eps": 1e-4}).verdict is Verdict.CONVENTION


def test_an_epsilon_in_both_is_no_convention():
    def backward(eps):
        return lambda saved, dy: (-dy * saved[1] / (saved[0] + eps), None)

    assert check_vjp(literal, backward(1e-5), P, ONE_HOT, fixed="y").verdict is Verdict.AGREE
    assert check_vjp(literal, backward(1e-6), P, ONE_HOT, fixed="y").verdict is Verdict.DISAGREE
    bare = check_vjp(lambda p, y: (-np.sum(y * np.log(p)), (p, y)), backward(1e-6), P, ONE_HOT, fixed="y")
    assert bare.verdict is Verdict.DISAGREE


ENDS = {
    "self.eps": (Loss(), "convention", "without its eps 1e-07"),
    "no eps": (Loss(0.0), "agree", ""),
    "no eps, wrong": (Loss(0.0, 1.001), "disagree", ""),
    "no cotangent": (Last(), "convention", "without its eps 1e-07"),
    "no cotangent, no eps": (Last(0.0), "agree", ""),
    "deaf": (Deaf(0.0), "convention", "takes no notice of the cotangent"),
    "deaf, with an eps": (Deaf(), "convention", "takes no notice of the cotangent.*without its eps"),
    "deaf and wrong": (Deaf(0.0, 4.0), "disagree", ""),
    "deaf, with an eps, and wrong": (Deaf(1e-7, 4.0), "disagree", ""),
    "within": (Within(Loss()), "convention", "without its eps 1e-07"),
}


@pytest.mark.parametrize("name", ENDS)
def test_losses_at_the_end(name):
    loss, verdict, says = ENDS[name]
    check = check_layer(loss, X, LABELS)
    assert check.verdict == verdict

    assert re.search(says, " ".join(check.notes))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, p


def sigmoid(x):
    return 1 / (1 + np.exp(-x)), x


class Classifier:
    """A weight and a softmax, whose derivative its loss is to know."""

    def __init__(self, factor=1.0):
        self.W, self.dW, self.factor = normal(3, 3), None, factor

    def forward(self, x):
        self.x = x
        return softmax(x @ self.W)[0]

    def backward(self, dout):
        self.dW = self.factor * self.x.T @ dout
        return dout @ self.W.T


@pytest.mark.parametrize("forward", [softmax, sigmoid])
def test_a_derivative_that_is_left_to_the_loss(forward):
    check = check_vjp(forward, lambda saved, dy: dy, X)
    assert check.verdict is Verdict.CONVENTION
    assert f"forward ends in a {forward.__name__}" in check.notes[-1]
    assert check_vjp(forward, lambda saved, dy: 1.001 * dy, X).verdict is Verdict.DISAGREE


def test_a_derivative_that_is_left_to_the_loss_behind_a_weight():
    assert check_layer(Classifier(), X).verdict is Verdict.CONVENTION
    assert check_layer(Classifier(1.001), X).verdict is Verdict.DISAGREE


def test_a_cotangent_that_is_handed_through_is_else_wrong():
    assert check_vjp(lambda x: (np.tanh(x), x), lambda saved, dy: dy, X).verdict is Verdict.DISAGREE
    assert check_vjp(lambda x: (x / x.sum(1, keepdims=True), x), lambda x, dy: dy, abs(X)).verdict is Verdict.DISAGREE


def test_a_broken_promise_is_not_excused_by_a_convention():
    def backward(dout, cache):
        cache[0][...] *= 2
        return affine_times(of_batch, of_batch, of_batch)(dout, cache)

    check = check_vjp(lambda x, w, b: (x @ w + b, (x.copy(), w)), backward, *ARRAYS)
    assert check.verdict is Verdict.DISAGREE


def single_forward(x, w):
    x, w = x.astype(np.float32), w.astype(np.float32)
    return x @ w, (x, w)


def single_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout


def test_a_library_in_single_precision_is_judged_in_it():
    check = check_vjp(single_forward, single_backward, X, normal(3, 2))
    assert check.verdict is Verdict.AGREE
    assert check.checked.problem.dtype == "float32"
    assert "computes in float32 whatever it is given" in check.notes[0]
    wrong = check_vjp(single_forward, lambda dout, cache: (dout @ cache[1].T, 1.0001 * cache[0].T @ dout), *ARRAYS[:2])
    assert wrong.finding.argument == "w"
