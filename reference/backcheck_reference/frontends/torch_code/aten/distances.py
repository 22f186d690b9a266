"""PyTorch's distances between all pairs of rows on exact numbers, and their backwards."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.reductions import vector_norm
from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.comparisons import equal, greater, less
from backcheck_reference.numbers.literals import number


def _apart(a: Array, b: Array) -> Any:
    return a[..., :, None, :] - b[..., None, :, :]


def _distances(a: Array, b: Array, p: Any = 2, compute_mode: Any = None) -> Array:
    found: Array = vector_norm(_apart(a, b), p, -1)
    return found


def _slopes(away: Array, p: Any, distance: Array) -> Any:
    """The slope of the norm of the last axis by each of its entries; 0 where the distance is 0, as PyTorch has it."""
    zero, one = flint.arb(0), flint.arb(1)
    sign = np.where(greater(away, zero), one, np.where(less(away, zero), -one, zero))
    whole, p = distance[..., None], float(p)
    none = equal(whole, zero)
    if p == 0:
        return sign * 0
    if p == 1:
        return sign
    if np.isinf(p):
        return sign * np.where(equal(abs(away), whole), one, zero)
    safe = np.where(none, one, whole)
    if p == 2:
        return np.where(none, zero, away / safe)
    still = equal(away, zero)
    size = np.where(still, one, abs(away))
    slope = sign * np.power(size, number(p - 1)) / np.power(safe, number(p - 1))
    return np.where(np.logical_or(none, still), zero, slope)


def _distances_backward(dy: Array, a: Array, b: Array, p: Any, distance: Array) -> Array:
    """By the first of the two; PyTorch asks for the second with both exchanged."""
    parts = dy[..., None] * _slopes(_apart(a, b), p, distance)
    found: Array = np.add.reduce(parts, axis=-2)
    return found


def _euclidean(a: Array, b: Array) -> Array:
    return _distances(a, b)


def _pairs(x: Array) -> tuple[Array, Array]:
    first, second = np.triu_indices(len(x), 1)
    return first, second


def _own_distances(x: Array, p: Any = 2) -> Array:
    first, second = _pairs(x)
    found: Array = vector_norm(x[first] - x[second], p, -1)
    return found


def _own_distances_backward(dy: Array, x: Array, p: Any, distance: Array) -> Array:
    first, second = _pairs(x)
    parts = dy[..., None] * _slopes(x[first] - x[second], p, distance)
    dx = blank(x.shape, dy, x)
    for i, j, part in zip(first, second, parts, strict=True):
        dx[i] += part
        dx[j] -= part
    return dx


DISTANCES: Mapping[str, Operator] = {
    "_cdist_forward": _distances,
    "_cdist_backward": _distances_backward,
    "_euclidean_dist": _euclidean,
    "_pdist_forward": _own_distances,
    "_pdist_backward": _own_distances_backward,
}
