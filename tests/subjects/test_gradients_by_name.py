"""Gradients in a dictionary, a named tuple or an object go by the names of the arrays, and not by their order."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from backcheck import BadInput, check_layer, check_vjp, verify_rule
from backcheck.subjects.pairs.by_name import cotangents, in_order, matched
from backcheck_reports.record import Verdict
from tests.subjects.teaching_layers import normal

X, W = normal(3, 3), normal(3, 3)


def product(x, w):
    return x @ w, (x, w)


def dx_dw(saved, dy):
    x, w = saved
    return dy @ w.T, x.T @ dy


class Turned(NamedTuple):
    dw: Any
    dx: Any


class Unnamed(NamedTuple):
    left: Any
    right: Any


@dataclass
class Plain:
    w: Any
    x: Any


RIGHT = {
    "d": lambda dx, dw: {"dw": dw, "dx": dx},
    "as the arrays": lambda dx, dw: {"w": dw, "x": dx},
    "capitals": lambda dx, dw: {"dW": dw, "dX": dx},
    "grad_": lambda dx, dw: {"grad_w": dw, "grad_x": dx},
    "a named tuple": lambda dx, dw: Turned(dw, dx),
    "names of no array": lambda dx, dw: Unnamed(dx, dw),
    "a dataclass": lambda dx, dw: Plain(dw, dx),
    "a namespace": lambda dx, dw: SimpleNamespace(dw=dw, dx=dx),
}
WRONG = {
    "a dictionary": lambda dx, dw: {"dx": dw, "dw": dx},
    "a named tuple": lambda dx, dw: Turned(dx, dw),
    "a dataclass": lambda dx, dw: Plain(dx, dw),
}


@pytest.mark.parametrize("how", RIGHT)
def test_by_name(how):
    assert check_vjp(product, lambda saved, dy: RIGHT[how](*dx_dw(saved, dy)), X, W).verdict is Verdict.AGREE


@pytest.mark.parametrize("how", WRONG)
def test_right_by_position_and_wrong_by_name(how):
    assert check_vjp(product, lambda saved, dy: WRONG[how](*dx_dw(saved, dy)), X, W).verdict is Verdict.DISAGREE


def by_name(saved, dy):
    return RIGHT["d"](*dx_dw(saved, dy))


def test_drawn_by_name():
    assert verify_rule((product, by_name), ("n d", "d k"), draws=6).verdict is Verdict.AGREE


def test_beside_an_array_that_is_not_given():
    assert check_vjp(lambda x, b, w: (x @ w, (x, w)), by_name, X, None, W).verdict is Verdict.AGREE


def test_a_name_that_is_not_there_is_a_missing_gradient():
    check = check_vjp(product, lambda saved, dy: {"dx": dx_dw(saved, dy)[0]}, X, W)
    assert (check.verdict, check.finding.argument) == (Verdict.DISAGREE, "w")
    assert "no gradient for w" in str(check)


@pytest.mark.parametrize("keys", [("a", "b"), ("dx", "dw", "loss")])
def test_names_that_do_not_fit_are_refused(keys):
    with pytest.raises(BadInput, match=r"by name \(.*\), and the arrays of product are called x, w; call each as"):
        check_vjp(product, lambda saved, dy: dict.fromkeys(keys, X), X, W)


def test_one_gradient_of_one_array_needs_no_name():
    assert check_vjp(lambda x: (x * x, x), lambda x, dy: {"gradient": 2 * x * dy}, X).verdict is Verdict.AGREE


def test_names():
    assert matched(["dx", "ddx"], ["x", "dx"]) == {"x": "dx", "dx": "ddx"}
    assert matched(["dw", "x"], ["x", "w"]) == {"w": "dw", "x": "x"}
    assert matched(["dX"], ["x", "X"]) == {"X": "dX"}
    assert matched(["DX"], ["x", "X"]) is None
    assert in_order((1.0, 2.0), ("x", "w"), "f") == (1.0, 2.0)
    assert cotangents({"c": 1.0, "h": 2.0}, ("dh", "dc")) == [2.0, 1.0]
    assert cotangents({"c": 1.0, "h": 2.0}, ("dp", "dq")) == [1.0, 2.0]


def test_cotangents_of_named_outputs_go_by_name():
    def forward(x):
        return {"c": 2 * x, "h": x * x}, x

    assert check_vjp(forward, lambda dh, dc, cache: 2 * dc + 2 * cache * dh, X).verdict is Verdict.AGREE
    assert check_vjp(forward, lambda dc, dh, cache: 2 * dc + 3 * cache * dh, X).verdict is Verdict.DISAGREE


class Scaled:
    """Two inputs and a parameter."""

    def __init__(self):
        self.W = normal(3, 3)

    def forward(self, a, c):
        self.a, self.c = a, c
        return a @ self.W * c

    def backward(self, dy):
        return self.told(self.a.T @ (dy * self.c), dy * (self.a @ self.W), (dy * self.c) @ self.W.T)

    def told(self, dW, dc, da):
        return {"dW": dW, "dc": dc, "da": da}


class InParts(Scaled):
    def told(self, dW, dc, da):
        return {"dc": dc, "da": da}, {"W": dW}


class Swapped(Scaled):
    def told(self, dW, dc, da):
        return {"dW": dW, "dc": da, "da": dc}


class OtherNames(Scaled):
    def told(self, dW, dc, da):
        return {"W": dW, "first": da, "second": dc}


def test_an_object_that_returns_names():
    said = {"params": ["W"], "grads": None}
    assert check_layer(Scaled(), X, W, **said).verdict is Verdict.AGREE
    assert check_layer(InParts(), X, W, **said).verdict is Verdict.AGREE
    assert check_layer(Swapped(), X, W, **said).verdict is Verdict.DISAGREE
    with pytest.raises(BadInput, match="expected those of its inputs a, c and of its parameters W"):
        check_layer(OtherNames(), X, W, **said)
