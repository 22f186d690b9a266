"""A table of rules for --subject, with code that a few networks do not reach."""

import numpy as np


def tanh_forward(x):
    y = np.tanh(x)
    return y, y


def tanh_backward(y, dy):
    if y.size > 10**6:
        return (_in_parts(y, dy),)
    return (dy * (1 - y * y),)


def _in_parts(y, dy):
    return dy * (1 - y * y)


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(x, dy):
    if x.ndim > 1 or x.size > 1:
        return (dy * (x > 0),)
    return (dy * (x > 0),)


RULES = {"tanh": (tanh_forward, tanh_backward), "relu": (relu_forward, relu_backward)}
