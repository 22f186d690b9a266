"""Wrong backward passes in objects with state and in PyTorch's Functions, as people write them."""

from collections.abc import Callable
from typing import Any

import numpy as np


class Dense:
    def __init__(self):
        self.w, self.b = np.ones((3, 2)) * [[0.5, -1.0]] + np.arange(3)[:, None], np.array([0.1, 0.2])
        self.dw, self.db = np.zeros_like(self.w), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy):
        self.dw = self.x.T @ dy
        self.db = dy.sum(0)
        return dy @ self.w.T


class DenseBiasByMean(Dense):
    def backward(self, dy):
        self.dw = self.x.T @ dy
        self.db = dy.mean(0)
        return dy @ self.w.T


class DenseByOutput(Dense):
    def backward(self, dy):
        self.dw = self.x.T @ dy / len(self.x)
        self.db = dy.sum(0)
        return dy @ self.w.T


class DenseNegative(Dense):
    def backward(self, dy):
        self.dw = self.x.T @ dy
        self.db = dy.sum(0)
        return -dy @ self.w.T


class DenseCubed(Dense):
    def forward(self, x):
        self.x = x
        return (x @ self.w + self.b) ** 3

    def backward(self, dy):
        z = self.x @ self.w + self.b
        dz = 3 * z * dy
        self.dw = self.x.T @ dz
        self.db = dz.sum(0)
        return dz @ self.w.T


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y)


class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, dy):
        return dy * self.y


class Relu:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * (self.x < 0)


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(-1, keepdims=True))
        self.y = e / e.sum(-1, keepdims=True)
        return self.y

    def backward(self, dy):
        return self.y * (dy - (dy * self.y).sum())


class Scale:
    def __init__(self):
        self.gamma, self.dgamma = np.array([0.5, 2.0, -1.0]), np.zeros(3)

    def forward(self, x):
        self.x = x
        return x * self.gamma

    def backward(self, dy):
        self.dgamma = self._over_rows(dy)
        return dy * self.gamma

    def _over_rows(self, dy):
        return dy.sum(0)  # a helper of backward: x is missing


class MeanRows:
    def forward(self, x):
        self.x = x
        return x.mean(0)

    def backward(self, dy):
        return np.ones_like(self.x) * dy / self.x.size


LAYERS: tuple[Callable[[], Any], ...] = (
    DenseBiasByMean, DenseByOutput, DenseNegative, DenseCubed, Tanh, Sigmoid, Relu, Softmax, Scale, MeanRows,
)  # fmt: skip


def torch_functions() -> list[Any]:
    """Ten autograd.Functions; PyTorch is imported for who asks."""
    import torch

    class Functions:
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, dy):
                (x,) = ctx.saved_tensors
                return dy * x

        class Tanh(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = torch.tanh(x)
                ctx.save_for_backward(y)
                return y

            @staticmethod
            def backward(ctx, dy):
                (y,) = ctx.saved_tensors
                return dy * (1 - y)

        class Silu(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                s = torch.sigmoid(x)
                ctx.save_for_backward(x, s)
                return x * s

            @staticmethod
            def backward(ctx, dy):
                x, s = ctx.saved_tensors  # noqa: RUF059 - what is forgotten is x
                return dy * (s + s * (1 - s))

        class Product(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, w):
                ctx.save_for_backward(x, w)
                return x @ w

            @staticmethod
            def backward(ctx, dy):
                x, w = ctx.saved_tensors
                return dy @ w, x.T @ dy

        class Times(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, g):
                ctx.save_for_backward(x, g)
                return x * g

            @staticmethod
            def backward(ctx, dy):
                x, g = ctx.saved_tensors  # noqa: RUF059 - what is forgotten is x
                return dy * g, dy.sum(0)

        class Softmax(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = torch.softmax(x, -1)
                ctx.save_for_backward(y)
                return y

            @staticmethod
            def backward(ctx, dy):
                (y,) = ctx.saved_tensors
                return y * (dy - (dy * y).mean(-1, keepdim=True))

        class Relu(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x.clamp(min=0)

            @staticmethod
            def backward(ctx, dy):
                (x,) = ctx.saved_tensors
                return dy * (x < 0)

        class Exp(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = torch.exp(x)
                ctx.save_for_backward(x, y)
                return y

            @staticmethod
            def backward(ctx, dy):
                x, y = ctx.saved_tensors  # noqa: RUF059 - it is y that is wanted
                return dy * x

        class Sine(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.sin(x)

            @staticmethod
            def backward(ctx, dy):
                (x,) = ctx.saved_tensors
                return -dy * torch.cos(x)

        class MeanOfSquares(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return (x * x).mean()

            @staticmethod
            def backward(ctx, dy):
                (x,) = ctx.saved_tensors
                return 2 * dy * x / len(x)

    return [each for each in vars(Functions).values() if isinstance(each, type)]
