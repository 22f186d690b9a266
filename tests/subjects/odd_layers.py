"""Layers that are right in less usual ways, and some that cannot be taken as they are."""

import numpy as np

from tests.subjects.teaching_layers import Affine, Attributes, Dense, Sigmoid, normal

X = normal(4, 3)


class Lazy:
    """Makes its weight when it sees its first input."""

    W = None

    def forward(self, x):
        if self.W is None:
            self.W = normal(x.shape[1], 2)
            self.dW = np.zeros_like(self.W)
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW[:] = self.x.T @ dout
        return dout @ self.W.T


class WithModule(Dense):
    """Keeps a module, as code for several array libraries does."""

    def __init__(self):
        super().__init__()
        self.xp = np


class Perceptron:
    """Layers in attributes and lists, without params of its own."""

    def __init__(self):
        self.fc, self.act, self.rest = Attributes(), Sigmoid(), [Affine()]
        self.rest[0].params, self.rest[0].grads = [normal(2, 2), normal(2)], [np.zeros((2, 2)), np.zeros(2)]
        self.fc.W = normal(3, 2)

    def forward(self, x):
        return self.rest[0].forward(self.act.forward(self.fc.forward(x)))

    def backward(self, dout):
        return self.fc.backward(self.act.backward(self.rest[0].backward(dout)))


class Tied:
    """One weight in two layers: its gradient is the sum of both."""

    def __init__(self):
        self.layers, shared = [Affine(), Affine()], normal(3, 3)
        for layer in self.layers:
            layer.params, layer.grads = [shared, normal(3)], [np.zeros((3, 3)), np.zeros(3)]
        self.params = self.layers[0].params + self.layers[1].params
        self.grads = self.layers[0].grads + self.layers[1].grads

    def forward(self, x):
        return self.layers[1].forward(self.layers[0].forward(x))

    def backward(self, dout):
        return self.layers[0].backward(self.layers[1].backward(dout))


class Slots:
    __slots__ = ("W", "dW", "x")

    def __init__(self):
        self.W, self.dW = normal(3, 2), None

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class Slope:
    """A parameter that is a bare number."""

    def __init__(self):
        self.params, self.grads = {"a": 0.3}, {}

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.params["a"] * x)

    def backward(self, dout):
        self.grads["a"] = np.sum(dout * np.minimum(self.x, 0))
        return dout * np.where(self.x > 0, 1, self.params["a"])


class Cell:
    """Two outputs, and a backward with a cotangent for each."""

    def __init__(self):
        self.params, self.grads = [normal(3, 2)], [np.zeros((3, 2))]

    def forward(self, x, c):
        (W,) = self.params
        self.x, self.c, self.g = x, c, np.tanh(x @ W)
        return self.g * c, self.g + c

    def backward(self, dh, dc):
        (W,) = self.params
        da = (dh * self.c + dc) * (1 - self.g**2)
        self.grads[0][...] = self.x.T @ da
        return da @ W.T, dh * self.g + dc


ODD = {
    "lazy": (Lazy(), (X,), "x W"),
    "a module": (WithModule(), (X,), "inputs weights biases"),
    "perceptron": (Perceptron(), (X,), "x fc.W fc.b rest.0.params0 rest.0.params1"),
    "tied": (Tied(), (X,), "x params0 params1 params3"),
    "slots": (Slots(), (X,), "x W"),
    "a bare number": (Slope(), (X,), "x a"),
    "two outputs": (Cell(), (X, normal(4, 2)), "x c params0"),
}


class Kept(Slots):
    """Remembers its first input for ever."""

    __slots__ = ()

    def forward(self, x):
        if not hasattr(self, "x"):
            self.x = x
        return x @ self.W


class Partial(Attributes):
    """A third parameter that nothing points to."""

    def __init__(self):
        super().__init__()
        self.W, self.bias_term = normal(3, 2), normal(2)

    def forward(self, x):
        return super().forward(x) + self.bias_term


class Blind(Affine):
    """Parameters whose gradients are nowhere."""

    def backward(self, dout):
        self.grads = []
        return dout @ self.params[0].T


class Returning:
    """Returns the gradients of its parameters."""

    def __init__(self, factor=1.0):
        self.W, self.b, self.factor = normal(3, 2), normal(2), factor

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, self.factor * dout.sum(axis=0)


class Held:
    def __init__(self):
        self.W, self.dW = normal(3, 2), None
        self.apply = lambda x: x @ self.W

    def forward(self, x):
        self.x = x
        return self.apply(x)

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T
