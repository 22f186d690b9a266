"""Backward passes that are wrong, each in a way of its own, with what should be said of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.subjects.pairs_of_functions import (
    affine_backward,
    affine_forward,
    conv_backward,
    conv_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    embedding_forward,
    layer_norm_forward,
    moments_forward,
    polar_backward,
    polar_forward,
    relu_forward,
    rnn_forward,
    scale_forward,
)


class Wrong(NamedTuple):
    """`argument` is the one at fault and `says` is in the words of its fault."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    arrays: tuple[Any, ...]
    argument: str
    says: str


def averaged_bias(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw, db / len(dout)


def transposed_weight(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw.T, db


def unsummed_bias(dout, cache):
    dx, dw, _ = affine_backward(dout, cache)
    return dx, dw, dout


def relu_ignored(dout, cache):
    return dout


def relu_flipped(dout, cache):
    dout[cache > 0] = 0
    return dout


def unaveraged_loss(saved, dy):
    return cross_entropy_backward(saved, dy)[0] * len(saved[1]), None


def negative_loss(saved, dy):
    return -cross_entropy_backward(saved, dy)[0], None


def last_index_only(saved, dy):
    shape, index = saved
    dtable = np.zeros(shape)
    dtable[index] += dy
    return dtable, None


def without_mean(saved, dy):
    xhat, std, gamma = saved
    dxhat = dy * gamma
    dx = (dxhat - xhat * (dxhat * xhat).mean(-1, keepdims=True)) / std
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def without_what_comes_later(dh, cache):
    x, h, wx, wh = cache
    da = dh * (1 - h[:, 1:] ** 2)
    flat = da.reshape(-1, wh.shape[0])
    dwh = h[:, :-1].reshape(flat.shape).T @ flat
    return da @ wx.T, da[:, 0] @ wh.T, x.reshape(len(flat), -1).T @ flat, dwh, flat.sum(axis=0)


def swapped(saved, dy):
    return polar_backward(saved, dy)[::-1]


def unbiased(x, dy):
    return dy["mean"] / len(x) + dy["var"] * 2 * (x - x.mean(axis=0)) / (len(x) - 1)


def highest_forward(x):
    y = x.max(axis=1, keepdims=True)
    return y, x == y


def to_all_ties(mask, dy):
    return mask * dy


def flipped_kernel(dout, cache):
    dx, dw, db = conv_backward(dout, cache)
    return dx, dw[:, :, ::-1, ::-1], db


def in_single_precision(x, dy):
    return (2 * dy * x / np.sqrt(x * x + 1)).astype(np.float32).astype(np.float64)


def squared_cotangent(x, dy):
    return 2 * dy * dy * x / np.sqrt(x * x + 1)


def forgotten(x, dy):
    return np.zeros_like(dy)


def doubled(x, dy):
    return 4 * dy * x / np.sqrt(x * x + 1)


# a generator of its own: one that other modules draw from gives other arrays where they are imported first
RNG = np.random.default_rng(2)


def normal(*shape):
    return RNG.normal(size=shape)


AFFINE = (normal(4, 3), normal(3, 3), normal(3))
TIED = np.array([[1.0, 1.0, 0.5], [2.0, 3.0, 3.0]])
CROSS_ENTROPY = (normal(4, 3), np.array([0, 2, 1, 2]))
RNN = (normal(2, 3, 2), normal(2, 3), normal(2, 3), normal(3, 3), normal(3))
CONVOLUTION = (normal(2, 2, 4, 3), normal(3, 2, 2, 2), normal(3))

WRONG = {
    "averaged bias": Wrong(affine_forward, averaged_bias, AFFINE, "b", "the mean instead of the sum over the batch"),
    "transposed weight": Wrong(affine_forward, transposed_weight, AFFINE, "w", "transposed"),
    "unsummed bias": Wrong(affine_forward, unsummed_bias, AFFINE, "b", "[4, 3], expected [3]"),
    "relu ignored": Wrong(relu_forward, relu_ignored, (normal(3, 4),), "x", "dy"),
    "relu flipped": Wrong(relu_forward, relu_flipped, (normal(3, 4),), "x", ""),
    "unaveraged loss": Wrong(
        cross_entropy_forward, unaveraged_loss, CROSS_ENTROPY, "logits", "the mean over it seems to be missing"
    ),
    "negative loss": Wrong(cross_entropy_forward, negative_loss, CROSS_ENTROPY, "logits", "sign"),
    "last index only": Wrong(
        embedding_forward, last_index_only, (normal(5, 2), np.array([3, 0, 3])), "table", "the last dy alone"
    ),
    "layer norm without a mean": Wrong(
        layer_norm_forward, without_mean, (normal(3, 4), normal(4), normal(4)), "x", "mean"
    ),
    "no time before": Wrong(rnn_forward, without_what_comes_later, RNN, "h0", ""),
    "swapped": Wrong(polar_forward, swapped, (normal(3) + 3, normal(3)), "r", "angle"),
    "unbiased variance": Wrong(moments_forward, unbiased, (normal(5, 2),), "x", ""),
    "copied to all ties": Wrong(highest_forward, to_all_ties, (TIED,), "x", "tied"),
    "flipped kernel": Wrong(conv_forward, flipped_kernel, CONVOLUTION, "kernel", "flip"),
    "single precision": Wrong(scale_forward, in_single_precision, (normal(3),), "x", "float32"),
    "squared cotangent": Wrong(scale_forward, squared_cotangent, (normal(3),), "x", "dy"),
    "forgotten": Wrong(scale_forward, forgotten, (normal(3),), "x", "zero"),
    "doubled": Wrong(scale_forward, doubled, (normal(3),), "x", "2 x"),
}
