"""Attention itself (Vaswani et al., 2017): y = P v, P = softmax(s q k^T + mask) over the keys, s = 1 / sqrt(width).

dv = P^T dy, dP = dy v^T, dS = P (dP - sum over the keys of dP P);  dq = s dS k, dk = s dS^T q, and dS is the mask's own
gradient. Where a key may not be seen its weight is 0, and so is its dS.

Grouped queries (Ainslie et al., 2023): the query heads h * g to h * g + g - 1 share the key and value head h. Stacked
one below the other, they are one query with g times as many rows: the keys need not be repeated, and the products that
give dk and dv already sum over the group.

A row of queries that may see no key at all has weights, output and gradients of 0, as in PyTorch since its release 2.5.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, matmul, sqrt_of


class Saved(NamedTuple):
    query: np.ndarray  # times the scale
    key: np.ndarray
    value: np.ndarray
    weights: np.ndarray
    scale: np.generic


def forward(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    scale: float | None = None,
    bias: np.ndarray | None = None,
    allowed: np.ndarray | None = None,
) -> tuple[np.ndarray, Saved]:
    """`bias` is added to the scores; `allowed` is True where a query may see a key."""
    factor = like(query, 1) / sqrt_of(query, query.shape[-1]) if scale is None else like(query, scale)
    scaled = query * factor
    scores = matmul(_grouped(scaled, key), key.swapaxes(-1, -2)).reshape(*query.shape[:-1], key.shape[-2])
    if bias is not None:
        scores = scores + bias
    weights = _softmax(scores, allowed)
    y = matmul(_grouped(weights, value), value).reshape(*query.shape[:-1], value.shape[-1])
    return y, Saved(scaled, key, value, weights, factor)


def backward(saved: Saved, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of query, key and value, and that of the scores."""
    query, key, value, weights, factor = saved
    rows = _grouped(dy, value)
    dvalue = matmul(_grouped(weights, value).swapaxes(-1, -2), rows)
    dweights = matmul(rows, value.swapaxes(-1, -2)).reshape(weights.shape)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    grouped = _grouped(dscores, key)
    dquery = matmul(grouped, key).reshape(query.shape) * factor
    dkey = matmul(grouped.swapaxes(-1, -2), _grouped(query, key))
    return dquery, dkey, dvalue, dscores


def causal(queries: int, keys: int) -> np.ndarray:
    """Query i may see the keys 0 to i."""
    return np.tri(queries, keys, dtype=bool)


def _grouped(rows: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """The rows of the heads that share one head of `shared`, one head below the other."""
    return rows.reshape(*shared.shape[:-2], -1, rows.shape[-1])


def _softmax(scores: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """Over the last axis, with the weight 0 for each key that may not be seen."""
    if allowed is None:
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asanyarray(e / e.sum(axis=-1, keepdims=True))
    # the smallest score in the place of those that may not be seen: exact numbers have no -inf
    seen = np.where(allowed, scores, scores.min(axis=-1, keepdims=True))
    e = np.where(allowed, np.exp(seen - seen.max(axis=-1, keepdims=True)), like(scores, 0))
    sees_any = allowed.any(axis=-1, keepdims=True)
    return np.asanyarray(e / np.where(sees_any, e.sum(axis=-1, keepdims=True), like(scores, 1)))
