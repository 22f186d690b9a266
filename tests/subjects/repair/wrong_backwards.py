"""Wrong backward passes for the tests of repairs, and some that no small edit makes right."""

import numpy as np


def tanh_forward(x):
    y = np.tanh(x)
    return y, y


def tanh_backward(y, dy):
    return dy * (1 - y)  # the square is missing


def ending_backward(y, dy):
    if len(y) > 0:
        return dy * (1 - y)
    raise ValueError


def scale_forward(x, w):
    return x * w, (x, w)


def scale_backward(saved, dy):
    x, w = saved  # noqa: RUF059
    dx = dy * x
    dw = np.cumsum(np.cumsum(dy, axis=0) * np.exp(dy), axis=0).sum(0) - 7
    return dx, dw


def unrelated_backward(y, dy):
    return np.cumsum(dy) * np.arange(1, 1 + y.size)


def writes_forward(x):
    return 3 * x, x


def writes_backward(x, dy):
    dy *= 3
    return dy


def dangerous_backward(y, dy):
    steps = 3
    total = dy * 0
    while steps > 0:
        total = total + dy * (1 - y) / 3
        steps = steps - 1
    return total
