"""Fifteen wrong backward passes as people write them, each with arrays at which it shows: for searches of repairs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class WrongPair:
    """A forward, a wrong backward, arrays at which it shows, and the options."""

    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]


def dense_forward(x, w, b):
    return x @ w + b, (x, w)


def dense_bias_by_mean(saved, dy):
    x, w = saved
    dx = dy @ w.T
    dw = x.T @ dy
    db = dy.mean(axis=0)
    return dx, dw, db


def norm_forward(x, gamma, beta):
    centred = x - x.mean(-1, keepdims=True)
    inv_std = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    xhat = centred * inv_std
    return xhat * gamma + beta, (xhat, inv_std, gamma)


def norm_without_mean(saved, dy):
    xhat, inv_std, gamma = saved
    d = dy * gamma
    dx = inv_std * (d - xhat * (d * xhat).mean(-1, keepdims=True))
    return dx, (dy * xhat).sum(0), dy.sum(0)


def norm_gamma_outside(saved, dy):
    xhat, inv_std, gamma = saved
    d = dy
    dx = gamma * inv_std * (d - d.mean(-1, keepdims=True) - xhat * (d * xhat).mean(-1, keepdims=True))
    return dx, (dy * xhat).sum(0), dy.sum(0)


def softmax_forward(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    y = e / e.sum(-1, keepdims=True)
    return y, y


def softmax_by_diagonal(y, dy):
    return dy * y * (1 - y)


def softmax_by_mean(y, dy):
    return y * (dy - (dy * y).mean(-1, keepdims=True))


def tanh_forward(x):
    y = np.tanh(x)
    return y, y


def tanh_one_minus(y, dy):
    return dy * (1 - y)


def tanh_by_value(y, dy):
    return dy * y


def embedding_forward(w, i):
    return w[i], (w.shape, i)


def embedding_repeated(saved, dy):
    shape, i = saved
    dw = np.zeros(shape, dy.dtype)
    dw[i] += dy
    return dw, None


def squared_forward(x, t):
    d = x - t
    return (d * d).mean(), d


def squared_sign_and_len(d, dy):
    dx = -2 * d / len(d) * dy
    return dx, -dx


def squared_len(d, dy):
    dx = 2 * d / len(d) * dy
    return dx, -dx


def silu_forward(x):
    s = 1 / (1 + np.exp(-x))
    return x * s, (x, s)


def silu_without_x(saved, dy):
    x, s = saved  # noqa: RUF059 - what is wrong here is that x is not used
    return dy * (s + s * (1 - s))


def product_forward(x, w):
    return x @ w, (x, w)


def product_without_transpose(saved, dy):
    x, w = saved
    return dy @ w, x.T @ dy


def recurrent_forward(x, w):
    h = np.zeros_like(x[0])
    states = [h]
    for t in range(len(x)):
        h = np.tanh(x[t] + h @ w)
        states.append(h)
    return h, (w, states, x.shape)


def recurrent_one_minus(saved, dy):
    w, states, shape = saved
    dw, dx, dh = np.zeros_like(w), [], dy
    for t in range(shape[0] - 1, -1, -1):
        h = states[t + 1]
        dz = dh * (1 - h)
        dx.append(dz)
        dw = dw + states[t].T @ dz
        dh = dz @ w.T
    return np.stack(dx[::-1]), dw


def windows_forward(x):
    n = x.shape[0] - 2
    y = np.stack([x[i] + 2 * x[i + 1] + 3 * x[i + 2] for i in range(n)])
    return y, x.shape


def windows_assigned(shape, dy):
    dx = np.zeros(shape, dy.dtype)
    for i in range(len(dy)):
        for k in range(3):
            dx[i + k] = (k + 1) * dy[i]
    return dx


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_mask_inverted(x, dy):
    return dy * (x < 0)


def fifteen() -> list[WrongPair]:
    """Each with arrays that a person would take."""
    rng = np.random.Generator(np.random.PCG64(3))

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape)

    rows, square = normal(4, 3), normal(3, 3)
    return [
        WrongPair("dense: bias by mean", dense_forward, dense_bias_by_mean, (rows, normal(3, 2), normal(2))),
        WrongPair("layer norm: no mean term", norm_forward, norm_without_mean, (rows, normal(3), normal(3))),
        WrongPair("layer norm: gamma outside", norm_forward, norm_gamma_outside, (rows, normal(3), normal(3))),
        WrongPair("softmax: by its diagonal", softmax_forward, softmax_by_diagonal, (rows,)),
        WrongPair("softmax: a mean for the sum", softmax_forward, softmax_by_mean, (rows,)),
        WrongPair("tanh: 1 - y", tanh_forward, tanh_one_minus, (rows,)),
        WrongPair("tanh: y", tanh_forward, tanh_by_value, (rows,)),
        WrongPair("indices: repeated", embedding_forward, embedding_repeated, (rows, np.array([0, 2, 2, 1, 0]))),
        WrongPair("squared error: sign and len", squared_forward, squared_sign_and_len, (rows, normal(4, 3))),
        WrongPair("squared error: len", squared_forward, squared_len, (rows, normal(4, 3))),
        WrongPair("silu: without x", silu_forward, silu_without_x, (rows,)),
        WrongPair("product: without .T", product_forward, product_without_transpose, (rows @ square, square)),
        WrongPair("recurrent: 1 - h", recurrent_forward, recurrent_one_minus, (normal(4, 2, 3), square)),
        WrongPair("windows: assigned", windows_forward, windows_assigned, (normal(6, 2),)),
        WrongPair("relu: mask inverted", relu_forward, relu_mask_inverted, (rows,)),
    ]
