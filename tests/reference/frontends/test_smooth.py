"""Code that has no kink is known by what it does, and then the slope to one side is enough."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import special

from backcheck import check_vjp
from backcheck_reference.derivatives import judgement
from backcheck_reference.frontends import numpy_code
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from backcheck_reports.record import Verdict

X = np.array([[0.5, 1.5], [2.0, -1.0]])

SMOOTH = {
    "tanh": np.tanh,
    "sums": lambda x: x.sum(0) + x.mean(-1) + x.var(),
    "powers": lambda x: x**2 + 1 / x**3,
    "a root": lambda x: np.sqrt(x * x + 1),
    "matrices": lambda x: x.T @ x + np.dot(x, x) + np.einsum("ij,kj->ik", x, x),
    "a loop": lambda x: sum(x[i, 0] * np.exp(x[i, 1]) for i in range(2)),
    "a buffer": lambda x: np.zeros_like(x).__setitem__((0, 0), x[0, 0] * 2),
    "shapes": lambda x: np.concatenate([x.reshape(4), np.ravel(x)]),
    "special functions": lambda x: special.expit(x) * special.erf(x) * np.arctan(x),
    "in place": lambda x: np.add(x, 1, out=x),
}
BENT = {
    "abs": abs,
    "a maximum": lambda x: x.max(),
    "softmax by its maximum": lambda x: np.exp(x - x.max()),
    "a root of zero": lambda x: np.sqrt((x - 0.5) ** 2),
    "a half power": lambda x: (x * x) ** 0.5,
    "where": lambda x: np.where(x > 0, x, 0),
    "a mask": lambda x: x * (x > 0),
    "a float": lambda x: float(x[0, 0]),
    "math": lambda x: math.exp(x[0, 0]),
    "integers": lambda x: x.astype(int),
    "truth": lambda x: bool(x[0, 0]),
    "clip": lambda x: x.clip(0, 1),
    "round": lambda x: x.round(),
    "argmax": lambda x: x.argmax(),
    "np.argmax": np.argmax,
    "sort": lambda x: x.sort(),
    "np.sort": np.sort,
    "argsort": lambda x: x.argsort(),
    "searchsorted": lambda x: np.searchsorted(np.arange(5.0), x[0]),
    "median": np.median,
    "choose": lambda x: np.choose([0, 1], [x[0], x[1]]),
    "nonzero": lambda x: x.nonzero(),
    "a list": lambda x: [abs(v) for row in x.tolist() for v in row],
    "python's max": lambda x: [max(v, 0) for row in x for v in row],
    "flat": lambda x: [abs(v) for v in x.flat],
    "what is under it": lambda x: abs(x.base),
    "a view": lambda x: abs(x.view(np.ndarray)),
    "nditer": lambda x: [abs(v) for v in np.nditer(x, flags=["refs_ok"])],
    "vectorize": lambda x: np.vectorize(lambda v: max(v, 0))(x),
    "frompyfunc": lambda x: np.frompyfunc(lambda v: abs(v), 1, 1)(x),
}


def told(function):
    with exact.bits(256), numpy_code.running() as bent:
        function(numpy_code.ordinary(exact.lift(X)))
        return bool(bent)


@pytest.mark.parametrize("name", SMOOTH)
def test_what_is_made_of_smooth_operations_is_known_to_be(name):
    assert not told(SMOOTH[name])


@pytest.mark.parametrize("name", BENT)
def test_what_may_bend_is_told_of(name):
    assert told(BENT[name])


def runs(forward, backward, x):
    """The verdict, and how often forward runs on exact numbers."""
    counted = Counter()

    def counting(x):
        counted["exact"] += type(x) is not np.ndarray
        return forward(x)

    return check_vjp(counting, backward, x), counted["exact"]


def test_one_side_is_enough_where_nothing_bends():
    # at the point, on one side of it, and on balls
    check, count = runs(lambda x: (np.tanh(x), np.tanh(x)), lambda y, dy: dy * (1 - y * y), X)
    assert check
    assert count == 3


@pytest.mark.parametrize(("slope", "count"), [(1.0, 2), (1e9, 2 + 2 + 2)])
def test_a_curve_too_steep_for_one_side_is_looked_at_from_both_and_then_closer(slope, count):
    calls = []

    def function(at):
        calls.append(at)
        judgement.tell(True)
        return np.exp(slope * (at["x"] - flint.arb(0.5)))

    arrays = {"x": exact.lift(np.array([0.5, 0.5]))}
    with exact.bits(256):
        found = judgement.judge(
            function,
            lambda at, dy: (function(at), {"x": dy * slope * np.exp(slope * (at["x"] - flint.arb(0.5)))}),
            arrays,
            exact.lift(np.array([1.0, 2.0])),
            ("x",),
            pieces=1,
        )
    assert found.right
    assert found.smooth
    assert len(calls) == count


def test_a_kink_is_seen_from_both_sides():
    # the slope to the right, at 0 too
    check, count = runs(lambda x: (np.maximum(x, 0), x), lambda x, dy: dy * (x >= 0), np.array([0.0, 1.0, -1.0]))
    assert check.verdict is Verdict.KINK
    assert count >= 4


def test_a_root_of_a_square_has_its_kink_at_zero():
    def backward(x, dy):
        return dy * np.where(x >= 0, 1.0, -1.0)

    check, _ = runs(lambda x: (np.sqrt(x * x), x), backward, np.array([0.0, 1.0, -1.0]))
    assert check.verdict is Verdict.KINK


@pytest.mark.parametrize("size", [4, 100])
def test_what_is_off_a_little_is_wrong_on_one_side_too(size):
    x = np.linspace(-2, 2, size)
    check, _ = runs(lambda x: (np.tanh(x), np.tanh(x)), lambda y, dy: dy * (1 - y * y) * (1 + 2.0**-40), x)
    assert check.verdict is Verdict.DISAGREE
