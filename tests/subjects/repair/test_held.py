"""What had one value in all draws is told with a fix: a number in it may stand for that."""

import numpy as np

from backcheck import check_layer, check_vjp
from backcheck.subjects.repair.held import held

SCALE = 3.0


def power(x, p=2, keep=True):
    return x**p, (x, p)


def power_backward(saved, dy):
    x, _ = saved
    return dy * x


def scaled(x):
    return SCALE * x * x, x


def made(factor):
    def forward(x):
        return factor * x * x, x

    return forward, lambda x, dy: dy * x


class Layer:
    def __init__(self, rate=0.5):
        self.rate = rate

    def forward(self, x):
        self.x = x
        return self.rate * x * x

    def backward(self, dy):
        return dy * self.x


def test_each_kind_is_named_with_its_value():
    x = np.array([0.3, -0.7, 1.2])
    pair = check_vjp(power, power_backward, x).subject.code
    assert held(pair, {}) == "p=2 and keep=True"
    assert held(pair, {"p": [2, 3]}) == "keep=True"
    assert held(pair, {"p": [3], "keep": [True, False]}) == "p=3"
    assert held(check_vjp(scaled, power_backward, x).subject.code, {}) == "SCALE=3.0"
    assert held(check_vjp(*made(5), x).subject.code, {}) == "factor=5"
    assert "rate=0.5" in held(check_layer(Layer(), x).subject.code, {})
    assert not held(check_vjp(lambda x: (x * x, x), lambda x, dy: dy * x, x).subject.code, {})
