"""Layers as they are taught, each right where it is usually tried and wrong elsewhere, beside a right one."""

import numpy as np


class DenseMean:
    """The bias gradient is averaged: the same for a batch of 1."""

    reduce = staticmethod(np.mean)

    def __init__(self, inputs, outputs):
        self.W, self.b = np.random.randn(inputs, outputs), np.zeros(outputs)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = self.reduce(dout, axis=0)
        return dout @ self.W.T


class Dense(DenseMean):
    reduce = staticmethod(np.sum)


class RNNTruncated:
    """What reaches a state from the next step is dropped: the same for a single step."""

    kept = 0.0

    def __init__(self, inputs, hidden):
        self.params = {
            "Wx": np.random.randn(inputs, hidden),
            "Wh": np.random.randn(hidden, hidden),
            "b": np.zeros(hidden),
        }

    def forward(self, xs):
        self.xs, self.hs = xs, [np.zeros((xs.shape[1], self.params["b"].shape[0]))]
        for x in xs:
            self.hs.append(np.tanh(x @ self.params["Wx"] + self.hs[-1] @ self.params["Wh"] + self.params["b"]))
        return np.stack(self.hs[1:])

    def backward(self, dhs):
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        dxs, dnext = np.zeros_like(self.xs), 0.0
        for t in reversed(range(len(self.xs))):
            da = (dhs[t] + self.kept * dnext) * (1 - self.hs[t + 1] ** 2)
            self.grads["Wx"] += self.xs[t].T @ da
            self.grads["Wh"] += self.hs[t].T @ da
            self.grads["b"] += da.sum(axis=0)
            dxs[t] = da @ self.params["Wx"].T
            dnext = da @ self.params["Wh"].T
        return dxs


class RNN(RNNTruncated):
    kept = 1.0


class GlobalMeanSquare:
    """The mean is taken back over height x height: the same for a square image."""

    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, dout):
        _, h, _ = self.shape
        return np.broadcast_to(dout[:, None, None] / (h * h), self.shape)


class GlobalMean(GlobalMeanSquare):
    def backward(self, dout):
        _, h, w = self.shape
        return np.broadcast_to(dout[:, None, None] / (h * w), self.shape)


class EmbeddingOnce:
    """A word that comes twice is added once."""

    def __init__(self, words, width):
        self.W = np.random.randn(words, width)

    def forward(self, index):
        self.index = index
        return self.W[index]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        self.dW[self.index] += dout


class Embedding(EmbeddingOnce):
    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.index, dout)


class MeanPoolDisjoint:
    """Windows write over one another: the same for windows that do not overlap."""

    def __init__(self, size=2, stride=2):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.x = x
        count = (x.shape[1] - self.size) // self.stride + 1
        if count < 1:
            raise ValueError("the window is longer than the input")
        out = np.zeros((x.shape[0], count))
        for i in range(count):
            out[:, i] = x[:, i * self.stride : i * self.stride + self.size].mean(axis=1)
        return out

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[1]):
            self.put(dx[:, i * self.stride : i * self.stride + self.size], dout[:, i : i + 1] / self.size)
        return dx

    def put(self, window, value):
        window[...] = value


class MeanPool(MeanPoolDisjoint):
    def put(self, window, value):
        window += value


class ConvUnpadded:
    """The padding is cut off on one side only: the same without padding."""

    def __init__(self, size=3, padding=0):
        self.padding = padding
        self.k = np.random.randn(size)

    def forward(self, x):
        self.x = np.pad(x, self.padding)
        if len(self.x) < len(self.k):
            raise ValueError("the kernel is longer than the input")
        return np.array([self.x[i : i + len(self.k)] @ self.k for i in range(len(self.x) - len(self.k) + 1)])

    def backward(self, dout):
        dx, self.dk = np.zeros_like(self.x), np.zeros_like(self.k)
        for i in range(len(dout)):
            dx[i : i + len(self.k)] += dout[i] * self.k
            self.dk += dout[i] * self.x[i : i + len(self.k)]
        return self.cut(dx)

    def cut(self, dx):
        return dx[: len(dx) - 2 * self.padding]


class Conv(ConvUnpadded):
    def cut(self, dx):
        return dx[self.padding : len(dx) - self.padding]


class SoftmaxLast:
    """The sum of the backward is over the last axis, whatever the forward's."""

    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, x):
        exps = np.exp(x - x.max(axis=self.axis, keepdims=True))
        self.y = exps / exps.sum(axis=self.axis, keepdims=True)
        return self.y

    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=-1, keepdims=True))


class Softmax(SoftmaxLast):
    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=self.axis, keepdims=True))


class LayerNormPlain:
    """dx knows nothing of gamma: the same for a gamma of ones."""

    def __init__(self, width):
        self.gamma, self.beta = np.ones(width), np.zeros(width)

    def forward(self, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        self.std = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        self.xhat = centred / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dgamma, self.dbeta = (dout * self.xhat).sum(axis=0), dout.sum(axis=0)
        d = self.scaled(dout)
        return (d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)) / self.std

    def scaled(self, dout):
        return dout


class LayerNorm(LayerNormPlain):
    def scaled(self, dout):
        return dout * self.gamma
