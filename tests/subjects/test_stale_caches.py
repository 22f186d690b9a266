"""Code that goes by what another call left: in a closure, a class or a buffer."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from backcheck import check_layer, check_torch, check_vjp, verify_rule
from backcheck.subjects.result.side_effects import BETWEEN, ELSEWHERE, ONE_STEP
from backcheck_reports.record import Verdict
from tests.subjects.teaching_layers import normal

X = normal(4, 3)


def keeps_first(is_returned):
    kept = {}

    def forward(x):
        kept.setdefault("x", x.copy())
        return x * x, x if is_returned else None

    return forward, lambda saved, dy: 2 * kept["x"] * dy


def keeps_last(is_returned):
    kept = {}

    def forward(x):
        kept["x"] = x.copy()
        return x * x, x if is_returned else None

    return forward, lambda saved, dy: 2 * kept["x"] * dy


def one_buffer():
    """Saves a buffer that the next forward writes into."""
    kept = {}

    def forward(x):
        buffer = kept.setdefault(x.dtype.name, np.zeros_like(x))
        buffer[...] = x
        return x * x, buffer

    return forward, lambda saved, dy: 2 * saved * dy


def one_output():
    """Returns such a buffer."""
    kept = {}

    def forward(x):
        kept.setdefault("y", np.zeros(x.shape))[...] = x * x
        return kept["y"], x

    return forward, lambda saved, dy: 2 * saved * dy


def by_shape():
    """What it keeps depends on the shape alone."""
    kept = {}

    def forward(x):
        tril = kept.setdefault(x.shape, np.tri(*x.shape))
        return x * x * tril, (x, tril)

    return forward, lambda saved, dy: 2 * saved[0] * saved[1] * dy


def used(pair):
    pair[0](X)
    return pair


STALE = {
    "the first call, which was the caller's": (used(keeps_first(True)), ELSEWHERE),
    "the last call": (keeps_last(True), BETWEEN),
    "one buffer": (one_buffer(), BETWEEN),
}


@pytest.mark.parametrize("name", STALE)
def test_pairs(name):
    pair, why = STALE[name]
    check = check_vjp(*pair, X)
    assert not check
    assert check.verdict is Verdict.SIDE_EFFECT, check
    assert why in str(check).replace("\n    ", " ")


@pytest.mark.parametrize("is_returned", [False, True])
def test_a_cache_that_the_very_first_call_fills(is_returned):
    check = check_vjp(*keeps_first(is_returned), X)
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "x"), check


def keeps_part():
    """Only one factor of the gradient is that of the first call."""
    kept = {}

    def forward(x):
        kept.setdefault("x", x.copy())
        return x**3, x

    return forward, lambda x, dy: 3 * x * kept["x"] * dy


def test_a_cache_of_a_part():
    assert check_vjp(*keeps_part(), X).verdict is Verdict.DISAGREE


def test_a_value_that_is_overwritten_is_a_side_effect_that_passes():
    check = check_vjp(*one_output(), X)
    assert check
    assert check.verdict is Verdict.SIDE_EFFECT, check
    assert "writes into what the one before it returned" in str(check).replace("\n    ", " ")


class Square:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dy):
        return 2 * self.x * dy


def test_a_pair_that_stands_for_an_object_makes_one_step():
    layer = Square()
    saved_nothing = check_vjp(lambda x: (layer.forward(x), None), lambda _, dy: layer.backward(dy), X)
    saved_object = check_vjp(lambda x: (layer.forward(x), layer), lambda own, dy: own.backward(dy), X)
    for check in (saved_nothing, saved_object, check_vjp(*keeps_last(False), X)):
        assert check.verdict is Verdict.AGREE, check
        assert ONE_STEP in check.notes
    plain = check_vjp(*by_shape(), X)
    assert plain.verdict is Verdict.AGREE
    assert not plain.notes


class FirstOfAll(Square):
    seen: ClassVar = []

    def forward(self, x):
        self.seen.append(x)
        return x * x

    def backward(self, dy):
        return 2 * self.seen[0] * dy


class LastOfAll(Square):
    kept: ClassVar = {}

    def forward(self, x):
        self.kept["x"] = x
        return x * x

    def backward(self, dy):
        return 2 * self.kept["x"] * dy


@pytest.mark.parametrize(("layer", "why"), [(FirstOfAll, ELSEWHERE), (LastOfAll, BETWEEN)])
def test_objects_that_share_a_cache(layer, why):
    check = check_layer(layer(), X)
    assert check.verdict is Verdict.SIDE_EFFECT, check
    assert why in str(check).replace("\n    ", " ")
    assert check_layer(Square(), X).verdict is Verdict.AGREE


def function_with(keep, kept):
    class Squared(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            keep(kept, x.detach().clone())
            return x * x

        @staticmethod
        def backward(ctx, dy):
            return 2 * kept["x"] * dy

    return Squared


@pytest.mark.parametrize(
    ("keep", "why"),
    [
        (lambda kept, x: kept.setdefault("x", x), "it misses the derivative of its own forward"),
        (lambda kept, x: kept.update(x=x), BETWEEN),
    ],
    ids=["first", "last"],
)
def test_autograd_functions(keep, why):
    check = check_torch(function_with(keep, {}), X)
    assert check.verdict is (Verdict.SIDE_EFFECT if why is BETWEEN else Verdict.DISAGREE), check
    assert why in str(check).replace("\n    ", " ")


def test_drawn_cases_find_them_too():
    assert verify_rule(keeps_first(True), "n d", draws=6).verdict is Verdict.DISAGREE
    assert verify_rule(keeps_last(True), "n d", draws=6).verdict is Verdict.SIDE_EFFECT


def test_what_is_wrong_elsewhere_by_itself_is_no_side_effect():
    """A check is about the arrays that it is given."""

    def forward(x, gamma):
        return x * gamma, (x, gamma)

    one = np.ones_like(X)
    assert check_vjp(forward, lambda saved, dy: (dy * saved[1] ** 2, dy * saved[0]), X, one).verdict is Verdict.AGREE
    assert check_vjp(lambda x: (3 * x, None), lambda _, dy: 3 * dy, X).verdict is Verdict.AGREE
