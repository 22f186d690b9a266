"""Pairs of functions of many entries, right ones, and the arrays that each is asked at."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Forward = Callable[..., tuple[Any, Any]]
Backward = Callable[[Any, Any], tuple[np.ndarray, ...]]


@dataclass(frozen=True, slots=True)
class LargePair:
    """A right pair and the shapes of its arrays. `by_rows` says that a row of x is a function of its own."""

    forward: Forward
    backward: Backward
    shapes: tuple[tuple[int, ...], ...]
    by_rows: bool = True

    def arrays(self, dtype: str, seed: int = 0) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        return [rng.standard_normal(shape).astype(dtype) for shape in self.shapes]


def tanh(x: np.ndarray) -> tuple[Any, Any]:
    y = np.tanh(x)
    return y, y


def d_tanh(y: Any, dy: Any) -> tuple[Any, ...]:
    return (dy * (1 - y * y),)


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> tuple[Any, Any]:
    centred = x - x.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    return centred * inverse * gamma + beta, (centred * inverse, inverse, gamma)


def d_layer_norm(saved: Any, dy: Any) -> tuple[Any, ...]:
    xhat, inverse, gamma = saved
    g = dy * gamma
    dx = inverse * (g - g.mean(-1, keepdims=True) - xhat * (g * xhat).mean(-1, keepdims=True))
    return dx, (dy * xhat).sum(0), dy.sum(0)


def softmax(x: np.ndarray) -> tuple[Any, Any]:
    e = np.exp(x - x.max(-1, keepdims=True))
    y = e / e.sum(-1, keepdims=True)
    return y, y


def d_softmax(y: Any, dy: Any) -> tuple[Any, ...]:
    return (y * (dy - (dy * y).sum(-1, keepdims=True)),)


def gelu(x: np.ndarray) -> tuple[Any, Any]:
    t = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + t), (x, t)


def d_gelu(saved: Any, dy: Any) -> tuple[Any, ...]:
    x, t = saved
    inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return (dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner),)


def silu(x: np.ndarray) -> tuple[Any, Any]:
    s = 1 / (1 + np.exp(-x))
    return x * s, (x, s)


def d_silu(saved: Any, dy: Any) -> tuple[Any, ...]:
    x, s = saved
    return (dy * (s + x * s * (1 - s)),)


def product(x: np.ndarray, w: np.ndarray) -> tuple[Any, Any]:
    return x * w, (x, w)


def d_product(saved: Any, dy: Any) -> tuple[Any, ...]:
    x, w = saved
    return dy * w, dy * x


def dense(x: np.ndarray, w: np.ndarray) -> tuple[Any, Any]:
    return x @ w, (x, w)


def d_dense(saved: Any, dy: Any) -> tuple[Any, ...]:
    x, w = saved
    return dy @ w.T, x.T @ dy


def row_sums(x: np.ndarray) -> tuple[Any, Any]:
    return (x * x).sum(-1), x


def d_row_sums(x: Any, dy: Any) -> tuple[Any, ...]:
    return (2 * x * dy[:, None],)


def windows(x: np.ndarray, k: np.ndarray) -> tuple[Any, Any]:
    """Each row with a kernel of three slid along it."""
    return sliding_window_view(x, 3, axis=1) @ k, (x, k)


def d_windows(saved: Any, dy: Any) -> tuple[Any, ...]:
    x, k = saved
    dx = np.zeros_like(x)
    for at in range(3):
        dx[:, at : at + dy.shape[1]] += dy * k[at]
    return dx, np.stack([(dy * x[:, at : at + dy.shape[1]]).sum() for at in range(3)])


def cumsum(x: np.ndarray) -> tuple[Any, Any]:
    return np.cumsum(x, axis=-1), None


def d_cumsum(_: Any, dy: Any) -> tuple[Any, ...]:
    return (np.cumsum(dy[:, ::-1], axis=-1)[:, ::-1],)


def ordered(x: np.ndarray) -> tuple[Any, Any]:
    order = np.argsort(x, axis=-1)
    return np.take_along_axis(x, order, -1), order


def d_ordered(order: Any, dy: Any) -> tuple[Any, ...]:
    return (np.take_along_axis(dy, np.argsort(order, axis=-1), -1),)


def largest(x: np.ndarray) -> tuple[Any, Any]:
    return x.max(-1), x == x.max(-1, keepdims=True)


def d_largest(mask: Any, dy: Any) -> tuple[Any, ...]:
    return (dy[:, None] * mask / mask.sum(-1, keepdims=True),)


def leaky(x: np.ndarray) -> tuple[Any, Any]:
    return np.where(x > 0, x, 0.1 * x), x


def d_leaky(x: Any, dy: Any) -> tuple[Any, ...]:
    return (np.where(x > 0, dy, 0.1 * dy),)


def clipped(x: np.ndarray) -> tuple[Any, Any]:
    return np.clip(x, -0.5, 0.5), x


def d_clipped(x: Any, dy: Any) -> tuple[Any, ...]:
    return (np.where(abs(x) < 0.5, dy, 0 * dy),)


def flat_norm(x: np.ndarray) -> tuple[Any, Any]:
    """Layer norm over blocks of eight of a flat array."""
    rows = x.reshape(-1, 8)
    y, saved = layer_norm(rows, np.ones(8, x.dtype), np.zeros(8, x.dtype))
    return y.reshape(-1), saved


def d_flat_norm(saved: Any, dy: Any) -> tuple[Any, ...]:
    return (d_layer_norm(saved, dy.reshape(-1, 8))[0].reshape(-1),)


def mean_loss(x: np.ndarray) -> tuple[Any, Any]:
    return (x * x).mean(), x


def d_mean_loss(x: Any, dy: Any) -> tuple[Any, ...]:
    return (2 * x * dy / x.size,)


ROWS = ((24, 32),)
PAIRS: dict[str, LargePair] = {
    "tanh": LargePair(tanh, d_tanh, ROWS),
    "layer norm": LargePair(layer_norm, d_layer_norm, (*ROWS, (32,), (32,))),
    "softmax": LargePair(softmax, d_softmax, ROWS),
    "gelu": LargePair(gelu, d_gelu, ROWS),
    "silu": LargePair(silu, d_silu, ROWS),
    "product": LargePair(product, d_product, ROWS * 2),
    "dense": LargePair(dense, d_dense, ((24, 16), (16, 12))),
    "row sums": LargePair(row_sums, d_row_sums, ROWS),
    "windows": LargePair(windows, d_windows, (*ROWS, (3,))),
    "cumsum": LargePair(cumsum, d_cumsum, ROWS),
    "sort": LargePair(ordered, d_ordered, ROWS),
    "max": LargePair(largest, d_largest, ROWS),
    "where": LargePair(leaky, d_leaky, ROWS),
    "clip": LargePair(clipped, d_clipped, ROWS),
    "flat norm": LargePair(flat_norm, d_flat_norm, ((768,),)),
    "mean loss": LargePair(mean_loss, d_mean_loss, ROWS, by_rows=False),
}


def twice(grads: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return (2 * grads[0], *grads[1:])


def one_entry(grads: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """The largest entry is one and a half times what it should be."""
    wrong = np.array(grads[0])
    wrong.reshape(-1)[abs(wrong).argmax()] *= 1.5
    return (wrong, *grads[1:])


def last_block(grads: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """The last 64 entries are zero."""
    wrong = np.array(grads[0])
    wrong.reshape(-1)[-64:] = 0
    return (wrong, *grads[1:])


def in_float32(grads: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Through a buffer of float32."""
    return (np.asarray(grads[0], np.float32).astype(grads[0].dtype), *grads[1:])


WRONG: dict[str, Callable[[tuple[np.ndarray, ...]], tuple[np.ndarray, ...]]] = {
    "twice": twice,
    "one entry": one_entry,
    "last block": last_block,
}


def changed(backward: Backward, change: Callable[[tuple[np.ndarray, ...]], tuple[np.ndarray, ...]]) -> Backward:
    """The same backward, with its gradients changed."""

    def wrong(saved: Any, dy: Any) -> tuple[np.ndarray, ...]:
        return change(backward(saved, dy))

    return wrong
