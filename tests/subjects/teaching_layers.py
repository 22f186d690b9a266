"""Layers in the styles that are taught: where they keep parameters and gradients differs, none was made for us."""

import numpy as np


def normal(*shape):
    """The same numbers for the same shape, whichever layers were made before."""
    return np.random.default_rng([7, *shape]).normal(size=shape)


class Affine:
    """Lists of parameters and gradients, as in "Deep Learning from Scratch"."""

    def __init__(self):
        self.params = [normal(3, 2), normal(2)]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout):
        W, _ = self.params
        self.grads[0][...] = np.dot(self.x.T, dout)
        self.grads[1][...] = np.sum(dout, axis=0)
        return np.dot(dout, W.T)


class Attributes:
    """W and dW; the input is flattened and shaped back."""

    def __init__(self):
        self.W, self.b = normal(4, 2), np.zeros(2)
        self.x = self.dW = self.db = self.original_x_shape = None

    def forward(self, x):
        self.original_x_shape = x.shape
        self.x = x.reshape(x.shape[0], -1)
        return self.x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, np.sum(dout, axis=0)
        return (dout @ self.W.T).reshape(*self.original_x_shape)


class Dense:
    """Everything is left in attributes and nothing returned, as in "Neural Networks from Scratch"."""

    def __init__(self):
        self.weights, self.biases = 0.1 * normal(3, 2), np.zeros((1, 2))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class ReluInPlace:
    """Keeps a mask, and writes into what it is given."""

    def forward(self, x):
        self.mask = x <= 0
        x[self.mask] = 0
        return x

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class Adding:
    """Adds its gradients up until zero_grad, in dictionaries."""

    def __init__(self):
        self.params = {"W": normal(3, 2), "b": normal(2)}
        self.grads = {}
        self.zero_grad()

    def zero_grad(self):
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"] += self.x.T @ dout
        self.grads["b"] += dout.sum(axis=0)
        return dout @ self.params["W"].T


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class WithObjects:
    """Parameter objects with .data and .grad, and __call__ in place of forward."""

    def __init__(self):
        self.weight, self.bias = Parameter(normal(3, 2)), Parameter(normal(2))

    def __call__(self, x):
        self.cache = x
        return x @ self.weight.data + self.bias.data

    def backward(self, grad_output):
        self.weight.grad += self.cache.T @ grad_output
        self.bias.grad += grad_output.sum(0)
        return grad_output @ self.weight.data.T


class BatchNorm:
    """Running statistics in float buffers, one branch for training."""

    def __init__(self, momentum=0.9, eps=1e-7):
        self.gamma, self.beta = np.ones(3) + 0.1 * normal(3), np.zeros(3)
        self.momentum, self.eps = momentum, eps
        self.running_mean, self.running_var = np.zeros(3), np.ones(3)
        self.training = True
        self.dgamma = self.dbeta = None

    def forward(self, x):
        mean, var = (x.mean(axis=0), x.var(axis=0)) if self.training else (self.running_mean, self.running_var)
        if self.training:
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var *= self.momentum
            self.running_var += (1 - self.momentum) * var
        self.std = np.sqrt(var + self.eps)
        self.xn = (x - mean) / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        self.dbeta, self.dgamma = dout.sum(axis=0), np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        if not self.training:
            return dxn / self.std
        return (dxn - dxn.mean(axis=0) - self.xn * (dxn * self.xn).mean(axis=0)) / self.std


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.out) * self.out


class Network:
    """Layers within a layer; params and grads are dictionaries with dots in their names, made anew each time."""

    def __init__(self):
        self.layers = {"fc1": Adding(), "fc2": Adding()}
        self.layers["fc2"].params = {"W": normal(2, 2), "b": normal(2)}
        self.layers["fc2"].zero_grad()
        self.between = Sigmoid()

    @property
    def params(self):
        return {f"{n}.{k}": v for n, layer in self.layers.items() for k, v in layer.params.items()}

    @property
    def grads(self):
        return {f"{n}.{k}": v for n, layer in self.layers.items() for k, v in layer.grads.items()}

    def forward(self, x):
        return self.layers["fc2"].forward(self.between.forward(self.layers["fc1"].forward(x)))

    def backward(self, dout):
        return self.layers["fc1"].backward(self.between.backward(self.layers["fc2"].backward(dout)))


class TwoLayers:
    """Sublayers in a list, their params and grads gathered in lists of its own: the same arrays twice."""

    def __init__(self):
        self.layers = [Affine(), Sigmoid(), Affine()]
        self.layers[2].params = [normal(2, 2), normal(2)]
        self.layers[2].grads = [np.zeros((2, 2)), np.zeros(2)]
        self.params, self.grads = [], []
        for layer in self.layers[::2]:
            self.params += layer.params
            self.grads += layer.grads

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


class Embedding:
    def __init__(self):
        self.params, self.grads, self.idx = [normal(4, 2)], [np.zeros((4, 2))], None

    def forward(self, idx):
        (W,) = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)


class SoftmaxWithLoss:
    """A loss whose backward takes no notice of what comes in, but for its size."""

    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.t, self.y = t, e / e.sum(axis=1, keepdims=True)
        return -np.sum(np.log(self.y[np.arange(len(t)), t])) / len(t)

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx * dout / len(self.t)


class Odd:
    """Its own names for everything."""

    def __init__(self):
        self.kernel, self.memory = normal(3, 2), {}

    def forward(self, x):
        self.memory["x"] = x
        return x @ self.kernel

    def backward(self, dout):
        self.memory["slope"] = self.memory["x"].T @ dout
        return dout @ self.kernel.T
