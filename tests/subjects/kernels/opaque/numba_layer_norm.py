"""Layer norm as a numba pair. numba has no float16 on a CPU: arrays are widened before and rounded after."""

import numba
import numpy as np

EPS = np.float32(1e-5)


@numba.njit
def _forward(x, gamma, beta):
    n, d = x.shape
    y, xhat, rstd = np.empty_like(x), np.empty_like(x), np.empty(n, np.float32)
    for i in range(n):
        mean = np.float32(0)
        for j in range(d):
            mean += x[i, j]
        mean /= np.float32(d)
        squares = np.float32(0)
        for j in range(d):
            squares += (x[i, j] - mean) * (x[i, j] - mean)
        rstd[i] = np.float32(1) / np.sqrt(squares / np.float32(d) + EPS)
        for j in range(d):
            xhat[i, j] = (x[i, j] - mean) * rstd[i]
            y[i, j] = xhat[i, j] * gamma[j] + beta[j]
    return y, xhat, rstd


@numba.njit
def _backward(xhat, gamma, rstd, dy):
    n, d = dy.shape
    dx, dgamma, dbeta = np.empty_like(dy), np.zeros_like(gamma), np.zeros_like(gamma)
    for i in range(n):
        first, second = np.float32(0), np.float32(0)
        for j in range(d):
            g = dy[i, j] * gamma[j]
            first += g
            second += g * xhat[i, j]
            dgamma[j] += dy[i, j] * xhat[i, j]
            dbeta[j] += dy[i, j]
        first, second = first / np.float32(d), second / np.float32(d)
        for j in range(d):
            dx[i, j] = rstd[i] * (dy[i, j] * gamma[j] - first - xhat[i, j] * second)
    return dx, dgamma, dbeta


def forward(x, gamma, beta):
    y, xhat, rstd = _forward(*(np.ascontiguousarray(each, np.float32) for each in (x, gamma, beta)))
    return y.astype(x.dtype), (xhat, gamma, rstd)


def backward(saved, dy):
    xhat, gamma, rstd = saved
    gradients = _backward(xhat, gamma.astype(np.float32), rstd, np.ascontiguousarray(dy, np.float32))
    return tuple(each.astype(dy.dtype) for each in gradients)
