"""Forward and backward as people write them, all of them right: (forward, backward) pairs and arrays for each."""

import numpy as np

RNG = np.random.default_rng(11)


def normal(*shape):
    return RNG.normal(size=shape)


def affine_forward(x, w, b):
    return x.reshape(len(x), w.shape[0]) @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), w.shape[0]).T @ dout, dout.sum(axis=0)


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, x):
    dout[x <= 0] = 0  # writes into what it was given
    return dout


def abs_forward(x):
    return np.abs(x), x


def abs_backward(x, dy):
    return dy * np.sign(x)


def maximum_forward(x):
    at = x.argmax(axis=1)
    return x[np.arange(len(x)), at], (x.shape, at)


def maximum_backward(saved, dy):
    shape, at = saved
    dx = np.zeros(shape)
    dx[np.arange(len(at)), at] = dy
    return dx


def embedding_forward(table, index):
    return table[index], (table.shape, index)


def embedding_backward(saved, dy):
    shape, index = saved
    dtable = np.zeros(shape)
    np.add.at(dtable, index, dy)
    return dtable, None


def cross_entropy_forward(logits, y):
    p = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    p /= np.sum(p, axis=1, keepdims=True)
    return -np.sum(np.log(p[np.arange(len(y)), y])) / len(y), (p, y)


def cross_entropy_backward(saved, dy):
    p, y = saved
    dx = p.copy()
    dx[np.arange(len(y)), y] -= 1
    return dy * dx / len(y), None


def masked_forward(x, mask):
    return np.where(mask, x**2, 0.0), (x, mask)


def masked_backward(saved, dy):
    x, mask = saved
    return dy * 2 * x * mask, None


def polar_forward(r, angle):
    return (r * np.cos(angle), r * np.sin(angle)), (r, angle)


def polar_backward(saved, dy):
    (r, angle), (dx, dz) = saved, dy
    return dx * np.cos(angle) + dz * np.sin(angle), r * (dz * np.cos(angle) - dx * np.sin(angle))


def moments_forward(x):
    return {"mean": x.mean(axis=0), "var": x.var(axis=0), "most": x.argmax(axis=0)}, x


def moments_backward(x, dy):
    return {"x": dy["mean"] / len(x) + dy["var"] * 2 * (x - x.mean(axis=0)) / len(x)}


def energy_forward(x, k):
    return 0.5 * k * np.sum(x * x), (x, k)


def energy_backward(saved, dy):
    x, k = saved
    return dy * k * x, dy * 0.5 * np.sum(x * x)


def scale_forward(x):
    x *= 2  # writes into what it was given
    x += 1
    return np.sqrt(x * x + 1), x


def scale_backward(x, dy):
    return 2 * dy * x / np.sqrt(x * x + 1)


def layer_norm_forward(x, gamma, beta, *, eps=1e-5):
    x = x.astype(np.float64)
    std = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    xhat = np.subtract(x, x.mean(-1, keepdims=True), out=np.empty_like(x))
    xhat /= std
    return xhat * gamma + beta, (xhat, std, gamma)


def layer_norm_backward(saved, dy):
    xhat, std, gamma = saved
    dxhat = dy * gamma
    dx = (dxhat - dxhat.mean(-1, keepdims=True) - xhat * (dxhat * xhat).mean(-1, keepdims=True)) / std
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def im2col(x, height, width):
    n, c, h, w = x.shape
    out = np.zeros((n, c, height, width, h - height + 1, w - width + 1))
    for i in range(height):
        for j in range(width):
            out[:, :, i, j] = x[:, :, i : i + h - height + 1, j : j + w - width + 1]
    return out


def conv_forward(x, kernel, bias):
    columns = im2col(x, *kernel.shape[2:])
    y = np.zeros((len(x), len(kernel), *columns.shape[-2:]))
    for f in range(len(kernel)):
        y[:, f] = np.tensordot(columns, kernel[f], axes=([1, 2, 3], [0, 1, 2])) + bias[f]
    return y, (x.shape, columns, kernel)


def conv_backward(dout, cache):
    shape, columns, kernel = cache
    dx, dw = np.zeros(shape), np.empty_like(kernel)
    for i in range(kernel.shape[2]):
        for j in range(kernel.shape[3]):
            dw[:, :, i, j] = np.einsum("nfhw,nchw->fc", dout, columns[:, :, i, j])
            part = np.einsum("nfhw,fc->nchw", dout, kernel[:, :, i, j])
            dx[:, :, i : i + dout.shape[2], j : j + dout.shape[3]] += part
    return dx, dw, dout.sum(axis=(0, 2, 3))


def pool_forward(x):
    n, c, h, w = x.shape
    tiles = x.reshape(n, c, h // 2, 2, w // 2, 2)
    y = tiles.max(axis=3).max(axis=4)
    return y, (x.shape, tiles, y)


def pool_backward(saved, dy):
    shape, tiles, y = saved
    mask = tiles == y[:, :, :, None, :, None]
    return (mask * (dy[:, :, :, None, :, None] / mask.sum(axis=(3, 5), keepdims=True))).reshape(shape)


def rnn_forward(x, h0, wx, wh, b):
    steps = x.shape[1]
    h = np.zeros((len(x), steps + 1, h0.shape[1]))
    h[:, 0] = h0
    for t in range(steps):
        h[:, t + 1] = np.tanh(x[:, t] @ wx + h[:, t] @ wh + b)
    return h[:, 1:], (x, h, wx, wh)


def rnn_backward(dh, cache):
    x, h, wx, wh = cache
    dx, dwx, dwh, db = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), np.zeros(wh.shape[0])
    dnext = np.zeros_like(h[:, 0])
    for t in reversed(range(x.shape[1])):
        da = (dh[:, t] + dnext) * (1 - h[:, t + 1] ** 2)
        dx[:, t], dnext = da @ wx.T, da @ wh.T
        dwx += x[:, t].T @ da
        dwh += h[:, t].T @ da
        db += da.sum(axis=0)
    return dx, dnext, dwx, dwh, db


def clip_forward(x):
    y = np.empty(x.shape)
    np.clip(x, -1, 1, out=y)
    return y, (x > -1) & (x < 1)


def clip_backward(inside, dy):
    return np.where(inside, dy, 0)


AFFINE, RELU = (affine_forward, affine_backward), (relu_forward, relu_backward)
ENERGY, SCALE = (energy_forward, energy_backward), (scale_forward, scale_backward)
LAYER_NORM, ABS = (layer_norm_forward, layer_norm_backward), (abs_forward, abs_backward)
CONVOLUTION, RNN = (conv_forward, conv_backward), (rnn_forward, rnn_backward)
POOL, CLIP = (pool_forward, pool_backward), (clip_forward, clip_backward)
MAXIMUM, CROSS_ENTROPY = (maximum_forward, maximum_backward), (cross_entropy_forward, cross_entropy_backward)
EMBEDDING, MASKED = (embedding_forward, embedding_backward), (masked_forward, masked_backward)
POLAR, MOMENTS = (polar_forward, polar_backward), (moments_forward, moments_backward)

# name: (pair, arrays, the verdict on the first gradient)
RIGHT = {
    "affine": (AFFINE, (normal(3, 2, 2), normal(4, 2), normal(2)), "agree"),
    "relu": (RELU, (normal(3, 4),), "agree"),
    "relu at 0": (RELU, (np.array([[0.0, 1.0], [-1.0, 0.0]]),), "kink"),
    "abs at 0": (ABS, (np.array([0.0, -2.0, 3.0]),), "kink"),
    "max with ties": (MAXIMUM, (np.array([[1.0, 1.0, 0.5], [2.0, 3.0, 3.0]]),), "kink"),
    "embedding": (EMBEDDING, (normal(5, 2), np.array([[3, 0], [3, 1]])), "agree"),
    "cross entropy": (CROSS_ENTROPY, (normal(4, 3), np.array([0, 2, 1, 2])), "agree"),
    "mask": (MASKED, (normal(2, 3), np.array([[True, False, True], [False, True, True]])), "agree"),
    "two outputs": (POLAR, (normal(3) + 3, normal(3)), "agree"),
    "outputs in a dictionary": (MOMENTS, (normal(5, 2),), "agree"),
    "scalars": (ENERGY, (1.5, 2.0), "agree"),
    "an array and a scalar": (ENERGY, (normal(3), 0.5), "agree"),
    "no entries": (LAYER_NORM, (np.zeros((0, 3)), normal(3), normal(3)), "vacuous"),
    "one entry": (SCALE, (np.array([0.3]),), "agree"),
    "not contiguous": (AFFINE, (normal(6, 4)[::2, ::2], normal(2, 6)[:, ::3], normal(4)[::-2]), "agree"),
    "Fortran order": (LAYER_NORM, (np.asfortranarray(normal(3, 4)), normal(4), normal(4)), "agree"),
    "float32": (AFFINE, tuple(a.astype("f") for a in (normal(3, 4), normal(4, 2), normal(2))), "agree"),
    "float16": (AFFINE, tuple(a.astype("e") for a in (normal(3, 4), normal(4, 2), normal(2))), "agree"),
    "forward writes into its input": (SCALE, (normal(2, 3),), "agree"),
    "convolution": (CONVOLUTION, (normal(2, 2, 4, 3), normal(3, 2, 2, 2), normal(3)), "agree"),
    "max pool": (POOL, (normal(2, 1, 4, 4),), "agree"),
    "max pool with ties": (POOL, (np.array([1.0, 1, 0, 2, 1, 0, 2, 2]).reshape(1, 1, 2, 4),), "kink"),
    "recurrent": (RNN, (normal(2, 3, 2), normal(2, 3), normal(2, 3), normal(3, 3), normal(3)), "agree"),
    "clip": (CLIP, (np.array([0.5, -1.0, 2.0]),), "kink"),
}
