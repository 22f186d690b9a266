"""Wrong code that looks like a convention: for each kind that is granted, mistakes close to it are no such thing."""

import numpy as np
import pytest

from backcheck import Meant, check_layer, check_vjp
from backcheck_reports.record import Verdict
from tests.subjects.losses import Deaf
from tests.subjects.pairs_of_functions import affine_forward, normal

X, W, B, T = normal(4, 3), normal(3, 2), normal(2), normal(4, 3) + 0.5
LABELS = np.array([0, 2, 1, 2])
P = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)
ONE_HOT = np.eye(3)[LABELS]


def affine(by_x, by_w, by_b):
    def backward(dout, cache):
        x, w = cache
        return by_x(x) * (dout @ w.T), by_w(x) * (x.T @ dout), by_b(x) * dout.sum(axis=0)

    return backward


def one(x):
    return 1.0


def batch(x):
    return float(len(x))


def squared_error(mean):
    def forward(p, t):
        return ((p - t) ** 2).sum() / mean(p), (p, t)

    return forward


def squared_error_times(factor, of_target=-1.0):
    def backward(saved, dy):
        p, t = saved
        grad = 2 * dy * (p - t) * factor(p)
        return grad, of_target * grad

    return backward


MEAN, ROWS = squared_error(np.size), squared_error(len)

# a factor that is a size
OF_SIZES = {
    "a mean's factor is missing": (MEAN, squared_error_times(one), (X, T)),
    "rows for entries": (MEAN, squared_error_times(lambda p: 1 / len(p)), (X, T)),
    "entries for rows": (ROWS, squared_error_times(lambda p: 1 / p.size), (X, T)),
    "the factor of rows is missing": (ROWS, squared_error_times(one), (X, T)),
    "divided by the rows twice": (ROWS, squared_error_times(lambda p: 1 / len(p) ** 2), (X, T)),
    "the 2 is missing": (MEAN, squared_error_times(lambda p: 0.5 / p.size), (X, T)),
    "the target's sign": (MEAN, squared_error_times(lambda p: 1 / len(p), of_target=1.0), (X, T)),
    "of a vector": (MEAN, squared_error_times(one), (X[:, 0], T[:, 0])),
    "of two rows": (ROWS, squared_error_times(one), (X[:2], T[:2])),
    "the batch in two of three": (affine_forward, affine(batch, batch, one), (X, W, B)),
    "the batch, and once more": (affine_forward, affine(batch, batch, lambda x: len(x) ** 2), (X, W, B)),
    "the batch less one": (affine_forward, affine(*[lambda x: len(x) - 1.0] * 3), (X, W, B)),
    "minus the batch": (affine_forward, affine(*[lambda x: -float(len(x))] * 3), (X, W, B)),
    "a constant 4": (affine_forward, affine(*[lambda x: 4.0] * 3), (X, W, B)),
}


def log_loss(p, y):
    return -np.sum(y * np.log(p + 1e-5)), (p, y)


def log_times(change):
    return lambda saved, dy: (-dy * saved[1] / saved[0] * change(saved[0]), None)


# an epsilon in the forward only
OF_EPSILONS = {
    "another epsilon": lambda saved, dy: (-dy * saved[1] / (saved[0] + 1e-4), None),
    "half of it": lambda saved, dy: (-dy * saved[1] / (saved[0] + 5e-6), None),
    "subtracted": lambda saved, dy: (-dy * saved[1] / (saved[0] - 1e-5), None),
    "the sign": log_times(lambda p: -1.0),
    "a digit": log_times(lambda p: 1 + 1e-6),
    "squared": log_times(lambda p: 1 / p),
    "zero": log_times(lambda p: 0.0),
}


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, p


def sigmoid(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


# a derivative that is left to the loss
OF_LOSSES = {
    "the cotangent twice": lambda y, dy: 2 * dy,
    "the cotangent's sign": lambda y, dy: -dy,
    "a digit": lambda y, dy: (1 + 1e-9) * dy,
    "without the sum": lambda y, dy: dy * y,
    "zero": lambda y, dy: 0 * dy,
    "half of a sigmoid": lambda y, dy: dy * (1 - y),
    "less the value": lambda y, dy: dy - y,
}


def in_floats(function):
    """Exact numbers end here: then every forward is constant to them."""
    return lambda x: (np.array([function(float(v)) for v in x]), x)


def straight(x):
    return np.round(x), x


# what is declared, and a backward that is not that
OF_DECLARATIONS = {
    "twice": (lambda x: x, lambda x, dy: 2 * dy),
    "its sign": (lambda x: x, lambda x, dy: -dy),
    "zero": (lambda x: x, lambda x, dy: 0 * dy),
    "a digit": (lambda x: x, lambda x, dy: (1 + 1e-9) * dy),
    "a window that is not declared": (lambda x: x, lambda x, dy: dy * (abs(x) < 1)),
    "no window": (lambda x: np.clip(x, -1, 1), lambda x, dy: dy),
    "not clipped": (Meant(function=lambda x: x, cotangent=lambda dy: np.clip(dy, -1, 1)), lambda x, dy: dy),
    "a declaration in floats": (lambda x: np.array([float(v) for v in x]), lambda x, dy: 0 * dy),
}


@pytest.mark.parametrize("name", OF_SIZES)
def test_a_wrong_factor_is_no_convention(name):
    forward, backward, arrays = OF_SIZES[name]
    assert check_vjp(forward, backward, *arrays).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("name", OF_EPSILONS)
def test_a_wrong_loss_with_an_epsilon_is_no_convention(name):
    check = check_vjp(log_loss, OF_EPSILONS[name], P, ONE_HOT, fixed="y")
    assert check.verdict is Verdict.DISAGREE


@pytest.mark.parametrize("name", OF_LOSSES)
@pytest.mark.parametrize("forward", [softmax, sigmoid])
def test_a_wrong_softmax_or_sigmoid_is_no_convention(forward, name):
    assert check_vjp(forward, OF_LOSSES[name], X).verdict is Verdict.DISAGREE


@pytest.mark.parametrize("factor", [1.001, -1.0, 0.5, 2.0, 4.0])
@pytest.mark.parametrize("eps", [0.0, 1e-7])
def test_a_wrong_loss_at_the_end_is_no_convention(factor, eps):
    assert check_layer(Deaf(eps, factor), X, LABELS).verdict is Verdict.DISAGREE


FLOATS = {
    "between 0 and 1": lambda v: np.exp(-v * v) / 2,
    "above": np.exp,
    "with an epsilon": lambda v: np.log(v * v + 1e-5),
    "negative": lambda v: -np.tanh(v) - 2,
    "a sigmoid": lambda v: 1 / (1 + np.exp(-v)),
}


@pytest.mark.parametrize("name", FLOATS)
def test_zero_for_code_that_leaves_exact_numbers_is_no_convention(name):
    """Found on `scipy.integrate.quad`: to exact steps its value is constant, and so 0 was proved of anything."""
    check = check_vjp(in_floats(FLOATS[name]), lambda x, dy: 0 * dy, np.array([0.5, 0.8, 0.3]))
    assert check.verdict is Verdict.DISAGREE


@pytest.mark.parametrize("name", OF_DECLARATIONS)
def test_what_is_not_as_declared_is_no_convention(name):
    meant, backward = OF_DECLARATIONS[name]
    check = check_vjp(straight, backward, np.array([0.3, 1.2, -0.7]), meant=meant, cotangent=[3.0, 0.5, -2.0])
    assert check.verdict is Verdict.DISAGREE, check
