"""Code that draws random numbers: forward and two backward passes, one that keeps what was drawn and one that draws
anew."""

import random
from typing import Any, NamedTuple

import numpy as np

from tests.subjects.pairs_of_functions import normal

X = normal(3, 4)
HELD = np.random.default_rng(3)
OLD = np.random.RandomState(3)


class Drawn(NamedTuple):
    """`right` goes on with what forward saved, `wrong` draws in backward."""

    forward: Any
    right: Any
    wrong: Any
    arrays: Any = (X,)


def masked(mask):
    """Dropout by a mask, drawn by a function of the shape."""

    def forward(x):
        kept = mask(x.shape)
        return x * kept, kept

    return Drawn(forward, lambda kept, dy: dy * kept, lambda kept, dy: dy * mask(dy.shape))


def one_by_one(shape):
    return np.array([random.random() > 0.5 for _ in range(int(np.prod(shape)))]).reshape(shape)


def reparametrised(mu, log_sigma):
    eps = np.random.normal(size=mu.shape)
    return mu + np.exp(log_sigma) * eps, (log_sigma, eps)


def gumbel_softmax(x):
    noise = -np.log(-np.log(np.random.uniform(0.1, 0.9, x.shape)))
    y = np.exp(x + noise)
    y = y / y.sum(-1, keepdims=True)
    return y, (x, y)


def softmax_backward(y, dy):
    return y * (dy - (dy * y).sum(-1, keepdims=True))


def stochastic_depth(x):
    kept = random.random() < 0.7
    return (x + np.tanh(x) if kept else x * 1.0), (kept, x)


def depth_backward(kept, x, dy):
    return dy * (2 - np.tanh(x) ** 2) if kept else dy * 1.0


def permuted(x):
    order = np.random.permutation(len(x))
    return x[order], order


def permuted_backward(order, dy):
    dx = np.zeros_like(dy)
    dx[order] = dy
    return dx


def cropped(x):
    at = np.random.randint(0, x.shape[1] - 1)
    return x[:, at : at + 2], (at, x.shape)


def cropped_backward(at, shape, dy):
    dx = np.zeros(shape)
    dx[:, at : at + 2] = dy
    return dx


def leaky(x):
    slope = np.where(x < 0, np.random.uniform(0.1, 0.3, x.shape), 1.0)
    return x * slope, (x, slope)


PAIRS = {
    "dropout, NumPy's global generator": masked(lambda shape: (np.random.rand(*shape) > 0.5) * 2.0),
    "dropout, a Generator in a global": masked(lambda shape: HELD.random(shape) > 0.5),
    "dropout, a RandomState": masked(lambda shape: OLD.uniform(size=shape) > 0.5),
    "dropout, Python's random": masked(one_by_one),
    "reparametrisation": Drawn(
        reparametrised,
        lambda saved, dy: (dy, dy * np.exp(saved[0]) * saved[1]),
        lambda saved, dy: (dy, dy * np.exp(saved[0]) * np.random.normal(size=dy.shape)),
        (X, X / 8),
    ),
    "Gumbel noise": Drawn(
        gumbel_softmax,
        lambda saved, dy: softmax_backward(saved[1], dy),
        lambda saved, dy: softmax_backward(gumbel_softmax(saved[0])[0], dy),
    ),
    "stochastic depth": Drawn(
        stochastic_depth,
        lambda saved, dy: depth_backward(*saved, dy),
        lambda saved, dy: depth_backward(random.random() < 0.7, saved[1], dy),
    ),
    "random permutation": Drawn(
        permuted, permuted_backward, lambda order, dy: permuted_backward(np.random.permutation(len(dy)), dy)
    ),
    "random crop": Drawn(
        cropped,
        lambda saved, dy: cropped_backward(*saved, dy),
        lambda saved, dy: cropped_backward(np.random.randint(0, saved[1][1] - 1), saved[1], dy),
    ),
    "rrelu": Drawn(leaky, lambda saved, dy: dy * saved[1], lambda saved, dy: dy * leaky(saved[0])[1]),
}


class Dropout:
    """From NumPy's global generator, in training only."""

    def __init__(self, p=0.5):
        self.p, self.training = p, True

    def draw(self, shape):
        return (np.random.rand(*shape) > self.p) / (1 - self.p)

    def forward(self, x):
        self.mask = self.draw(x.shape) if self.training else np.ones(x.shape)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class DropoutAnew(Dropout):
    def backward(self, dy):
        return dy * self.draw(dy.shape) if self.training else dy * 1.0


class OwnDropout(Dropout):
    """From a generator of its own."""

    def __init__(self, p=0.5, seed=0):
        super().__init__(p)
        self.rng = np.random.default_rng(seed)

    def draw(self, shape):
        return (self.rng.random(shape) > self.p) / (1 - self.p)


class OwnDropoutAnew(OwnDropout):
    def backward(self, dy):
        return dy * self.draw(dy.shape) if self.training else dy * 1.0


class Noisy:
    """A layer with noise on its weights."""

    def __init__(self):
        self.W, self.dW, self.rng = np.ones((4, 2)), None, np.random.RandomState(3)

    def noise(self):
        return 1 + 0.1 * self.rng.normal(size=self.W.shape)

    def forward(self, x):
        self.x, self.kept = x, self.noise()
        return x @ (self.W * self.kept)

    def backward(self, dy):
        self.dW = self.x.T @ dy * self.kept
        return dy @ (self.W * self.kept).T


class NoisyAnew(Noisy):
    def backward(self, dy):
        self.kept = self.noise()
        return super().backward(dy)


OBJECTS = {
    "dropout": (Dropout, DropoutAnew),
    "a generator of its own": (OwnDropout, OwnDropoutAnew),
    "noise on weights": (Noisy, NoisyAnew),
}
