"""The exact GELU with the derivative of its tanh approximation: off by 1e-4, which gradcheck's defaults let pass.

says: tanh
"""

import numpy as np
from scipy.special import erf

import backcheck


def gelu_forward(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2))), x


def gelu_backward(x, dy):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return (dy * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * c * (1 + 3 * 0.044715 * x**2)),)


print(backcheck.check_vjp(gelu_forward, gelu_backward, np.array([0.5, -1.25, 2.0])))
