"""Pairs with code that few draws reach, or none."""

import numpy as np

BLOCK = 64


def square_forward(x):
    return x * x, x


def blocked_backward(x, dy):
    """Right up to 64 columns: of more, what is left over behind whole blocks is forgotten."""
    columns = x.shape[1]
    if columns > BLOCK:
        dx = 2 * x * dy
        dx[:, columns // BLOCK * BLOCK :] = 0
        return dx
    return 2 * x * dy


def unreached_backward(x, dy):
    if x.ndim != 2:
        raise ValueError(f"two axes, got {x.ndim}")
    if x.shape[1] > 10**6:
        dy = _in_parts(dy)
    elif x.shape[0] > 10**7:  # pragma: no cover
        dy = dy * 1
    if x.ndim == 2:
        dy = dy * 1
    return 2 * x * dy


def _in_parts(dy):
    return dy


def saturated_forward(x):
    return np.minimum(x, 25.5), x


def saturated_backward(x, dy):
    if np.any(x == 25.5):
        return dy
    return dy * (x < 25.5)


class Scaled:
    def __init__(self, width, bias=True):
        self.w = np.linspace(1, 2, width)
        if not bias:
            self.b = 0

    def forward(self, x):
        self.x = x
        if x.shape[0] > 10**6:
            self.refuse()
        return x * self.w

    def backward(self, dy):
        self.dw = self._sum(dy * self.x)
        return dy * self.w

    def _sum(self, array):
        if array.ndim == 7:
            return array
        return array.sum(0)

    def refuse(self):
        raise ValueError("too many rows")
