"""Gradients that people publish and that are not the derivative: the forward, the backward, and what is meant by it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from backcheck import Meant

X = np.array([0.31, -1.27, 2.63, 0.74, -0.12, -2.9])
ROWS = np.array([[0.3, 1.2, -0.7], [2.1, 0.4, 0.9]])
CODES = np.array([[0.0, 1.0, 0.0], [2.0, 0.5, 1.0]])
DY = np.array([3.0, -0.4, 1.7, 0.6, -2.2, 0.25])


class Published(NamedTuple):
    """`known` is in the sentence that names it undeclared; empty where it is not named."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    meant: Any
    known: str = ""
    arrays: tuple[Any, ...] = (X,)
    said: str = "as declared"


def of(function):
    """A forward that keeps its arrays."""
    return lambda *arrays: (function(*arrays), arrays)


def passed(saved, dy):
    return dy


def identity(x):
    return x


def same(x):
    return x * 1.0


def step(x):
    return np.where(x > 0, 1.0, 0.0)


def fires(x):
    return np.where(x > 1, 1.0, 0.0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def soft_backward(saved, dy):
    p = softmax(saved[0])
    return p * (dy - (dy * p).sum(-1, keepdims=True))


def hard(x):
    return np.where(x == x.max(-1, keepdims=True), 1.0, 0.0)


def nearest(x, codes):
    return codes[np.argmin(((x[:, None] - codes) ** 2).sum(-1), 1)]


def to_input(saved, dy):
    return dy, np.zeros_like(CODES)


def times(slope):
    return lambda saved, dy: dy * slope(saved[0])


def by_norm(dy):
    return dy * min(1, 0.5 / np.sqrt((dy * dy).sum()))


def dorefa(x):
    t = np.tanh(x)
    return 2 * np.round(3 * (t / (2 * abs(t).max()) + 0.5)) / 3 - 1


def dorefa_meant(x):
    t = np.tanh(x)
    return t / abs(t).max()


def dorefa_backward(saved, dy):
    """Through t / max|t|, of which the largest entry is constant but for its sign."""
    t = np.tanh(saved[0])
    top = int(np.argmax(abs(t)))
    size = abs(t[top])
    dt = dy / size
    dt[top] -= np.sign(t[top]) * (dy * t).sum() / size**2
    return dt * (1 - t * t)


def pact(x, alpha):
    return np.round(np.clip(x, 0, alpha) / alpha * 3) / 3 * alpha


def pact_backward(saved, dy):
    x, alpha = saved
    return dy * ((x > 0) & (x < alpha)), np.asarray((dy * (x >= alpha)).sum())


WINDOW = "a straight-through estimator inside of a window"
PUBLISHED = {
    "round": Published(of(np.round), passed, identity, "straight-through", said="straight-through, as declared"),
    "floor": Published(of(np.floor), passed, identity, "straight-through"),
    "ceil": Published(of(np.ceil), passed, identity, "straight-through"),
    "sign": Published(of(np.sign), passed, identity, "straight-through"),
    "truncate": Published(of(np.trunc), passed, identity, "straight-through"),
    "binarise, hard tanh": Published(
        of(np.sign), times(lambda x: abs(x) <= 1), lambda x: np.clip(x, -1, 1), WINDOW, said="inside a window"
    ),
    "binarise to 0 and 1": Published(of(step), passed, identity, "straight-through"),
    "ternarise": Published(of(lambda x: np.sign(x) * (abs(x) > 0.5)), passed, identity, "straight-through"),
    "quantise with clip": Published(
        of(lambda x: np.round(np.clip(x, -1, 1) * 7) / 7),
        times(lambda x: abs(x) < 1),
        lambda x: np.clip(x, -1, 1),
        WINDOW,
    ),
    "clamp, passed on": Published(of(lambda x: np.clip(x, -1, 1)), passed, identity, "straight-through"),
    "hard softmax": Published(of(hard), soft_backward, softmax, arrays=(ROWS,), said="a surrogate"),
    "nearest code": Published(
        of(nearest), to_input, lambda x: x, "straight-through", arrays=(ROWS, CODES), said="gradient by array0"
    ),
    "DoReFa weights": Published(of(dorefa), dorefa_backward, dorefa_meant, arrays=(ROWS[0],)),
    "PACT": Published(of(pact), pact_backward, lambda x, alpha: np.clip(x, 0, alpha), arrays=(X, np.array(2.0))),
    "gradient reversal": Published(of(same), lambda s, dy: -dy, lambda x: -x, "reversal, by 1", said="reversal, by 1"),
    "reversal by 0.3": Published(of(same), lambda s, dy: -0.3 * dy, lambda x: -0.3 * x, "reversal, by 0.3"),
    "gradient scale": Published(
        of(same), lambda s, dy: 0.1 * dy, lambda x: 0.1 * x, "scaled by 0.1", said="scaled by 0.1"
    ),
    "stop gradient": Published(of(same), lambda s, dy: 0 * dy, lambda x: 0 * x, "a stopped gradient", said="stopped"),
    "clip by value": Published(
        of(same),
        lambda s, dy: np.clip(dy, -1, 1),
        Meant(cotangent=lambda dy: np.clip(dy, -1, 1)),
        "clipped by value",
        said="changed cotangent",
    ),
    "clip by norm": Published(of(same), lambda s, dy: by_norm(dy), Meant(cotangent=by_norm), "clipped by its norm"),
    "sign of the gradient": Published(of(same), lambda s, dy: np.sign(dy), Meant(cotangent=np.sign)),
    "spike, rectangle": Published(
        of(step), times(lambda x: 0.5 * (abs(x) < 1)), lambda x: 0.5 * np.clip(x, -1, 1), "rectangular surrogate"
    ),
    "spike, triangle": Published(
        of(step),
        times(lambda x: np.maximum(0, 1 - abs(x))),
        lambda x: (lambda v: v - v * abs(v) / 2)(np.clip(x, -1, 1)),
        "triangle",
    ),
    "spike, sigmoid": Published(
        of(step),
        times(lambda x: 4 * sigmoid(4 * x) * (1 - sigmoid(4 * x))),
        lambda x: sigmoid(4 * x),
        "the sigmoid's slope",
    ),
    "spike, SuperSpike": Published(
        of(step),
        times(lambda x: 1 / (1 + 10 * abs(x)) ** 2),
        lambda x: x / (1 + 10 * abs(x)),
        "fast sigmoid",
    ),
    "spike, arctangent": Published(
        of(step), times(lambda x: 1 / (1 + (np.pi * x) ** 2)), lambda x: np.arctan(np.pi * x) / np.pi, "arctangent"
    ),
    "spike above a threshold": Published(
        of(fires), times(lambda x: 1 / (1 + abs(x - 1)) ** 2), lambda x: (x - 1) / (1 + abs(x - 1)), "fast sigmoid"
    ),
    "spike, tanh": Published(
        of(step), times(lambda x: 1 - np.tanh(x) ** 2), lambda x: np.tanh(x), "the sigmoid's slope"
    ),
    "squared error, no cotangent": Published(
        of(lambda x: x**2), lambda s, dy: 2 * s[0], Meant(cotangent=np.ones_like), "takes no notice", said="no notice"
    ),
    "softplus, no cotangent": Published(
        of(lambda x: np.log1p(np.exp(x))), lambda s, dy: sigmoid(s[0]), Meant(cotangent=np.ones_like), "takes no notice"
    ),
    "leaky gradient of ReLU": Published(
        of(lambda x: np.maximum(x, 0)), times(lambda x: np.where(x > 0, 1, 0.1)), lambda x: np.where(x > 0, x, 0.1 * x)
    ),
}
assert len(PUBLISHED) >= 28
