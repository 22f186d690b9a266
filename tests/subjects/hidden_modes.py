"""More of them: wrong at an option that is not the default, in evaluation mode, at a second call."""

import numpy as np


class LossMean:
    """The gradient is divided by the number of entries, also where the forward sums."""

    def __init__(self, reduction="mean"):
        self.reduction = reduction

    def forward(self, x, target):
        self.difference = x - target
        square = self.difference**2
        return square.mean() if self.reduction == "mean" else square.sum()

    def backward(self, dout):
        dx = dout * 2 * self.difference / self.count()
        return dx, -dx

    def count(self):
        return self.difference.size


class Loss(LossMean):
    def count(self):
        return self.difference.size if self.reduction == "mean" else 1


class PermuteAgain:
    """The same permutation once more: right for one that is its own inverse."""

    def __init__(self, axes):
        self.axes = axes

    def forward(self, x):
        return np.transpose(x, self.axes)

    def backward(self, dout):
        return np.transpose(dout, self.axes)


class Permute(PermuteAgain):
    def backward(self, dout):
        return np.transpose(dout, np.argsort(self.axes))


class BatchNormTraining:
    """The gradient through the batch's mean and variance, also in evaluation mode."""

    def __init__(self, width):
        self.params = {"gamma": np.ones(width), "beta": np.zeros(width)}
        self.mean, self.var = np.zeros(width), np.ones(width)
        self.training = True

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean, self.var = 0.9 * self.mean + 0.1 * mean, 0.9 * self.var + 0.1 * var
        self.std = np.sqrt(var + 1e-5)
        self.xhat = (x - mean) / self.std
        return self.params["gamma"] * self.xhat + self.params["beta"]

    def backward(self, dout):
        self.grads = {"gamma": (dout * self.xhat).sum(axis=0), "beta": dout.sum(axis=0)}
        d = dout * self.params["gamma"]
        if self.frozen():
            return d / self.std
        return (d - d.mean(axis=0) - self.xhat * (d * self.xhat).mean(axis=0)) / self.std

    def frozen(self):
        return False


class BatchNorm(BatchNormTraining):
    def frozen(self):
        return not self.training


class TanhInPlace:
    """The saved output becomes the gradient: a second backward starts from that."""

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y.copy()

    def backward(self, dout):
        self.y *= -self.y
        self.y += 1
        self.y *= dout
        return self.y


class Tanh(TanhInPlace):
    def backward(self, dout):
        return dout * (1 - self.y**2)
