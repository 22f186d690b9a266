"""Pairs of a forward and a backward as people write them: wrong in a way that has a name, beside the right backward."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratch_bp.elementary import like


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed + 40)).standard_normal(shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFault:
    """`arrays` is one case, `axes` describes the draws, `says` is a part of the sentence."""

    name: str
    forward: Callable[..., Any]
    wrong: Callable[..., Any]
    right: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    axes: tuple[str, ...]
    says: str
    config: Mapping[str, Any] = field(default_factory=dict)
    drawn: Mapping[str, Any] = field(default_factory=dict)


def statistics(x):
    d = x.shape[-1]
    return like(x, 0.1) * np.arange(d), like(x, 0.5) + like(x, 0.25) * np.arange(d)


def evaluated(x, gamma, beta):
    mean, var = statistics(x)
    xhat = (x - mean) / np.sqrt(var + like(x, 1e-5))
    return xhat * gamma + beta, (x, xhat, gamma)


def evaluated_backward(saved, dy):
    x, xhat, gamma = saved
    return dy * gamma / np.sqrt(statistics(x)[1] + like(x, 1e-5)), (dy * xhat).sum(0), dy.sum(0)


def as_in_training(saved, dy):
    x, xhat, gamma = saved
    n, dxhat = len(x), dy * gamma
    std = np.sqrt(statistics(x)[1] + like(x, 1e-5))
    dx = (n * dxhat - dxhat.sum(0) - xhat * (dxhat * xhat).sum(0)) / (n * std)
    return dx, (dy * xhat).sum(0), dy.sum(0)


def dropout(x, mask):
    return np.where(mask, 2 * x, 0 * x), mask


def dropout_backward(mask, dy):
    return np.where(mask, 2 * dy, 0 * dy), None


def drawn_anew(mask, dy):
    return np.where(np.random.default_rng(7).random(mask.shape) > 0.5, 2 * dy, 0 * dy), None


def inverted(mask, dy):
    return np.where(mask, 0 * dy, 2 * dy), None


def unmasked(mask, dy):
    return dy, None


def leaky(x, *, slope=0.01):
    return np.where(x > 0, x, x * like(x, slope)), (x, slope)


def leaky_backward(saved, dy):
    x, slope = saved
    return (np.where(x > 0, dy, dy * like(x, slope)),)


def leaky_fixed(saved, dy):
    x, _ = saved
    return (np.where(x > 0, dy, dy * like(x, 0.1)),)


def embedding(table, index):
    return table[index], (table, index)


def embedding_backward(saved, dy):
    table, index = saved
    dtable = 0 * table
    np.add.at(dtable, index, dy)
    return dtable, None


def embedding_assigned(saved, dy):
    table, index = saved
    dtable = 0 * table
    dtable[index] = dy
    return dtable, None


def sliding(x):
    return (x[:-2] + x[1:-1] + x[2:]) / 3, x


def sliding_backward(x, dy):
    dx = 0 * x
    for i in range(3):
        dx[i : len(dx) - 2 + i] += dy / 3
    return (dx,)


def sliding_assigned(x, dy):
    dx = 0 * x
    for i in range(len(dy)):
        dx[i : i + 3] = dy[i] / 3
    return (dx,)


def nearest(x):
    return x.repeat(2, axis=0).repeat(2, axis=1), x


def nearest_backward(x, dy):
    n, d = x.shape
    return (dy.reshape(n, 2, d, 2).sum(axis=(1, 3)),)


def nearest_first(x, dy):
    return (dy[::2, ::2],)


def tiled(x):
    return np.concatenate([x, x, x]), x


def tiled_backward(x, dy):
    return (dy[: len(x)] + dy[len(x) : 2 * len(x)] + dy[2 * len(x) :],)


def tiled_first(x, dy):
    return (dy[: len(x)],)


def layer(x, w):
    y = np.tanh(x @ w)
    return y, (x, w, y)


def layer_backward(saved, dy):
    x, w, y = saved
    da = dy * (1 - y * y)
    return da @ w.T, x.T @ da


def layer_at_value(saved, dy):
    x, w, y = saved
    da = dy * (1 - np.tanh(y) ** 2)
    return da @ w.T, x.T @ da


def layer_without_slope(saved, dy):
    x, w, _ = saved
    return dy @ w.T, x.T @ dy


def recurrent(xs, w):
    h, states = xs[0] * 0, []
    for x in xs:
        h = np.tanh(x + h @ w)
        states.append(h)
    return np.stack(states), (xs, w, states)


def recurrent_backward(saved, dy, kept=1):
    xs, w, states = saved
    dw, later, dxs = 0 * w, 0 * dy[0], []
    for t in reversed(range(len(xs))):
        da = (dy[t] + kept * later) * (1 - states[t] ** 2)
        dw = dw + (states[t - 1].T @ da if t else 0 * w)
        later = da @ w.T
        dxs.append(da)
    return np.stack(dxs[::-1]), dw


def recurrent_truncated(saved, dy):
    return recurrent_backward(saved, dy, kept=0)


def gated(x):
    return x * np.tanh(x), x


def gated_backward(x, dy):
    t = np.tanh(x)
    return (dy * (t + x * (1 - t * t)),)


def gated_once(x, dy):
    return (dy * x * (1 - np.tanh(x) ** 2),)


def shortcut(x, w):
    t = np.tanh(x @ w)
    return np.sin(x) + t, (x, w, t)


def shortcut_backward(saved, dy):
    x, w, t = saved
    da = dy * (1 - t * t)
    return dy * np.cos(x) + da @ w.T, x.T @ da


def shortcut_forgotten(saved, dy):
    x, w, t = saved
    da = dy * (1 - t * t)
    return da @ w.T, x.T @ da


def scaled_rows(x, s):
    return x * s.reshape(-1, 1), (x, s)


def scaled_rows_backward(saved, dy):
    x, s = saved
    return dy * s.reshape(-1, 1), (dy * x).sum(1)


def scaled_rows_mean(saved, dy):
    x, s = saved
    return dy * s.reshape(-1, 1), (dy * x).mean(0)


def running(x):
    return np.cumsum(x * x, axis=0), x


def running_backward(x, dy):
    return (2 * x * np.cumsum(dy[::-1], axis=0)[::-1],)


def running_here(x, dy):
    return (2 * x * dy,)


def _named(
    name: str, forward: Any, wrong: Any, right: Any, arrays: Any, axes: Any, says: str, **more: Any
) -> NamedFault:
    axes = (axes,) if isinstance(axes, str) else axes
    return NamedFault(name=name, forward=forward, wrong=wrong, right=right, arrays=arrays, axes=axes, says=says, **more)


X, KEPT = numbers(4, 3), numbers(4, 3, seed=1) > 0
CHANNELS = (X, numbers(3, seed=2), numbers(3, seed=3))
PAIR = (X, numbers(3, 3, seed=4))
STEPS = (numbers(4, 2, 3), numbers(3, 3, seed=5))
NAMED = (
    _named(
        "evaluation as in training", evaluated, as_in_training, evaluated_backward, CHANNELS, ("n d", "d", "d"),
        "the statistics over axis 0 are given; got is the gradient as in training",
    ),
    _named(
        "a mask drawn anew", dropout, drawn_anew, dropout_backward, (X, KEPT), ("n d", "n d ?"),
        "it is another mask than the forward's",
    ),
    _named(
        "a mask inverted", dropout, inverted, dropout_backward, (X, KEPT), ("n d", "n d ?"), "the mask is inverted"
    ),
    _named(
        "a mask missing", dropout, unmasked, dropout_backward, (X, KEPT), ("n d", "n d ?"),
        "neither the mask nor the factor 2 is used",
    ),
    _named(
        "an option written in", leaky, leaky_fixed, leaky_backward, (X,), "n d",
        "got is the gradient for slope = 0.1; the forward has slope = 0.3",
        config={"slope": 0.3}, drawn={"slope": [0.1, 0.3]},
    ),
    _named(
        "repeated indices", embedding, embedding_assigned, embedding_backward,
        (numbers(3, 2), np.array([0, 2, 2, 1, 2])), ("k d", "n <k"), "got has the last dy alone, not the sum",
    ),
    _named(
        "overlapping windows", sliding, sliding_assigned, sliding_backward, (numbers(6, 2),), "n d",
        "the last of them sends back: it is assigned where it is to be added",
    ),
    _named(
        "a block's first entry", nearest, nearest_first, nearest_backward, (X,), "n d",
        "has only what the first of them sends back, not the sum",
    ),
    _named(
        "the first of three copies", tiled, tiled_first, tiled_backward, (X,), "n d",
        "up to 3 outputs read the same entry of x, and got has only what the first of them sends back",
    ),
    _named(
        "the slope at the activated value", layer, layer_at_value, layer_backward, PAIR, ("n d", "d k"),
        "used is that at y, the activated value, in place of the input",
    ),
    _named(
        "the slope left out", layer, layer_without_slope, layer_backward, PAIR, ("n d", "d k"),
        "used is 1: it is left out",
    ),
    _named(
        "truncated in time", recurrent, recurrent_truncated, recurrent_backward, STEPS, ("t n d", "d d"),
        "along axis 0 of the output: it is truncated in time",
    ),
    _named("used twice, counted once", gated, gated_once, gated_backward, (X,), "n d", "lacks what goes through read"),
    _named(
        "a shortcut forgotten", shortcut, shortcut_forgotten, shortcut_backward, PAIR, ("n d", "d d"),
        "reads x 2 times, and got lacks what goes through read",
    ),
    _named(
        "a mean over rows for a sum over columns", scaled_rows, scaled_rows_mean, scaled_rows_backward,
        (numbers(3, 3), numbers(3, seed=1)), ("n n", "n"), "is averaged over axis 0; it belongs summed over axis 1",
    ),
    _named(
        "only the output at the same place", running, running_here, running_backward, (X,), "n d",
        "got has only what the output at the same place sends back",
    ),
)  # fmt: skip
