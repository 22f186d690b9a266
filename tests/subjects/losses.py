"""Losses at the end of a network, with an epsilon in their logarithm or a backward that hears of no cotangent."""

import numpy as np


class Loss:
    """Softmax and cross-entropy in one, with an epsilon in the logarithm."""

    def __init__(self, eps=1e-7, share=1.0):
        self.eps, self.share = eps, share

    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.t, self.p = t, e / e.sum(axis=1, keepdims=True)
        return self.mean_log()

    def mean_log(self):
        return -np.sum(np.log(self.p[np.arange(len(self.t)), self.t] + self.eps)) / len(self.t)

    def slope(self):
        dx = self.p.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return self.share * dx / len(self.t)

    def backward(self, dout=1):
        return dout * self.slope()


class Deaf(Loss):
    def backward(self, dout):
        return self.slope()


class Last(Loss):
    def backward(self):
        return self.slope()


class Within:
    def __init__(self, loss):
        self.layers = [loss]

    def forward(self, x, t):
        return self.layers[0].forward(x, t)

    def backward(self, dout):
        return self.layers[0].backward(dout)
