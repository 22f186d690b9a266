"""At a kink balls take both branches of ordinary code, or say that they cannot choose."""

import numpy as np
import pytest
from flint import arb
from scipy import special

from backcheck_reference.frontends.numpy_code import ordinary, plain, running
from backcheck_reference.numbers import balls

X = np.array([0.0, 1.0, -1.0])


def at_kinks(function):
    """The entries of what the function gives on balls around X."""
    watch = balls.Watch("float64")
    with balls.run_at("float64", balls.SLACK_BITS), running(watch):
        return plain(function(ordinary(watch.lift(X, "float64")))).ravel().tolist()


def set_to_five(x):
    y = x.copy()
    y[y <= 0] = 5
    return y


EITHER_WAY = {
    "assignment": (set_to_five, 0.0, 5.0),
    "product": (lambda x: (x > 0).astype(float) * (x + 3), 0.0, 3.0),
    "integers": (lambda x: (x > 0).astype(int) * (x + 3), 0.0, 3.0),
    "not": (lambda x: ~(x > 0) * 2.0, 0.0, 2.0),
    "and": (lambda x: np.logical_and(x > 0, x < 5) * 2.0, 0.0, 2.0),
    "select": (lambda x: np.select([x > 0], [x + 7], default=-1), -1.0, 7.0),
    "piecewise": (lambda x: np.piecewise(x, [x > 0], [lambda v: v + 7, -1.0]), -1.0, 7.0),
    "heaviside": (lambda x: np.heaviside(x, 0.5), 0.0, 1.0),
    "sign": (np.sign, -1.0, 1.0),
    "floor": (np.floor, -1.0, 0.0),
    "divide where": (lambda x: np.divide(x, 1, out=x + 3, where=x > 0), 0.0, 3.0),
    "sum where": (lambda x: np.sum(x + 1, where=x > 0), 2.0, 3.0),
    "copyto": (lambda x: np.copyto(y := x + 3, 0, where=x > 0) or y, 0.0, 3.0),
}


@pytest.mark.parametrize(("function", "one", "other"), EITHER_WAY.values(), ids=EITHER_WAY.keys())
def test_an_open_comparison_takes_both_branches(function, one, other):
    first = at_kinks(function)[0]
    assert first.contains(arb(one))
    assert first.contains(arb(other))


UNDECIDABLE = {
    "selection": lambda x: x[x > 0],
    "if": lambda x: x if x[0] > 0 else -x,
    "max": lambda x: max(0, x[0]),
    "any": lambda x: np.any(x[[0, 2]] > 0),
    "nonzero": lambda x: np.where(x > 0),
    "count": lambda x: np.count_nonzero(x > 0),
    "several values": lambda x: x.__setitem__(x > 0, np.arange(3.0)),
    "integer": lambda x: x.astype(int),
    "sort": lambda x: np.sort(np.concatenate([x, x])),
    "unique": np.unique,
    "vectorize": lambda x: np.vectorize(lambda v: v if v > 0 else 0.0)(x),
}


@pytest.mark.parametrize("function", UNDECIDABLE.values(), ids=UNDECIDABLE.keys())
def test_a_choice_that_balls_leave_open_is_not_made(function):
    with pytest.raises(balls.Undecidable):
        at_kinks(function)


def test_a_choice_that_they_settle_is():
    assert at_kinks(lambda x: np.array([(x > 0).any(), (x > 0).all(), bool(x[1] > 0)])) == [True, False, True]
    assert at_kinks(lambda x: (x == x.max()).astype(int)) == [0, 1, 0]
    assert at_kinks(lambda x: np.maximum(x, x) == x) == [True, True, True]
    assert at_kinks(lambda x: np.argsort(x)) == [2, 0, 1]
    assert at_kinks(lambda x: np.floor(x + 0.5).astype(int)) == [0, 1, -1]


@pytest.mark.parametrize(
    "function",
    [np.exp2, special.exp2, np.float_power.reduce, lambda x: np.dot(x, x), lambda x: np.linalg.det(np.diag(x))],
)
def test_a_function_that_happens_to_be_exact_is_rounded_as_a_float_may_be(function):
    value = at_kinks(lambda x: function(np.full(3, 2.0)))[0]
    assert value.rad() >= balls.SLACK * 2.0**-53 * abs(value.mid()) / 2


@pytest.mark.parametrize("function", [np.floor, np.sign, np.max, lambda x: np.where(x > 0, x, 1), np.copy])
def test_what_hands_out_its_argument_rounds_nothing(function):
    assert at_kinks(lambda x: function(np.full(3, 2.0)))[0].is_exact()
