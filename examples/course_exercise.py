"""A course exercise: an affine layer, whose author averages the bias gradient over the batch.

says: the mean instead of the sum over the batch
"""

import numpy as np

import backcheck


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(saved, dy):
    x, w = saved
    return dy @ w.T, x.T @ dy, dy.mean(0)  # the bias gradient is a sum over the batch


rng = np.random.default_rng(0)
x, w, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
check = backcheck.check_vjp(affine_forward, affine_backward, x, w, b)
print(check)
