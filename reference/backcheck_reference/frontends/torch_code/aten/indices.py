"""PyTorch's operators that choose entries by index: gather, scatter, masks, embeddings, sorts."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import (
    Array,
    Operator,
    blank,
    decided,
    number,
    unavailable,
    writable,
)


def _index(x: Array, indices: list[Any]) -> Array:
    chosen = tuple(slice(None) if i is None else decided(i) for i in indices)
    return x[(*chosen, ...)].copy()


def _index_put(x: Array, indices: list[Any], values: Array, accumulate: bool = False, unsafe: bool = False) -> Array:
    if len(indices) == 1 and indices[0] is not None and indices[0].dtype == object and values.size == 1:
        # one number wherever a comparison holds: here np.where can take both sides of one that is open
        mask = indices[0].reshape(indices[0].shape + (1,) * (x.ndim - indices[0].ndim))
        return np.where(mask, values.reshape(()), x)
    chosen = tuple(slice(None) if i is None else decided(i) for i in indices)
    return _written(writable(x, values), chosen, values, accumulate)


def _along(index: Array, dim: int) -> tuple[Any, ...]:
    """The full index for an index array along one dimension: along the others each entry has its own place."""
    own: list[Any] = list(np.indices(index.shape, sparse=True))
    if own:
        own[dim] = index
    return tuple(own)


def _scatter_reduce(x: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool = True) -> Array:
    if reduce != "sum" or not include_self:
        raise unavailable("PyTorch's aten.scatter_reduce has an exact form for sums into what is there only")
    return _scatter(x, dim, index, source, add=True)


def _scatter(x: Array, dim: int, index: Array, source: Any, add: bool = False) -> Array:
    out = writable(x, source)
    part = source[tuple(slice(n) for n in index.shape)] if isinstance(source, np.ndarray) else number(source)
    return _written(out, _along(index, dim), part, add)


def _written(out: Array, where: Any, source: Any, add: bool) -> Array:
    if isinstance(source, np.ndarray) and not source.ndim:
        source = source[()]  # into one chosen entry NumPy would store the array itself
    if add:
        np.add.at(out, where, source)
    else:
        out[where] = source
    return out


def _index_add(x: Array, dim: int, index: Array, source: Array, alpha: Any = 1) -> Array:
    where = (*[slice(None)] * (dim % x.ndim), index)
    return _written(writable(x, source), where, source if alpha == 1 else number(alpha) * source, True)


def _embedding_backward(dy: Array, indices: Array, count: int, padding: int = -1, by_frequency: bool = False) -> Array:
    if by_frequency:
        dy = dy / np.bincount(indices.ravel(), minlength=count)[indices][..., None]
    out = _written(blank((count, dy.shape[-1]), dy), indices, dy, True)
    if padding >= 0:
        out[padding] = number(0)
    return out


def _masked_scatter(x: Array, mask: Array, source: Array) -> Array:
    mask = np.broadcast_to(decided(mask), x.shape)
    return _written(writable(x, source), mask, source.reshape(-1)[: int(mask.sum())], False)


def _masked_scatter_backward(dy: Array, mask: Array, sizes: Any) -> Array:
    taken = _masked_select(dy, mask)
    out = blank((math.prod(sizes),), dy)
    out[: taken.size] = taken
    return out.reshape(sizes)


def _masked_select(x: Array, mask: Array) -> Array:
    shape = np.broadcast_shapes(x.shape, mask.shape)
    chosen: Array = np.broadcast_to(x, shape, subok=True)[np.broadcast_to(decided(mask), shape)]
    return chosen


def _sort(x: Array, dim: int = -1, descending: bool = False, stable: Any = None) -> tuple[Array, Array]:
    order = (-x if descending else x).argsort(axis=dim, kind="stable") if x.ndim else np.zeros((), np.int64)
    return (np.take_along_axis(x, order, dim) if x.ndim else x.copy()), order


def _topk(x: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, ...]:
    first = (*[slice(None)] * (dim % x.ndim), slice(k))
    values, order = _sort(x, dim, largest)
    return values[first], order[first]


INDICES: Mapping[str, Operator] = {
    **dict.fromkeys(("index", "_unsafe_index"), _index),
    **dict.fromkeys(("index_put", "_unsafe_index_put", "_index_put_impl"), _index_put),
    "index_select": lambda x, dim, index: np.take(x, index.reshape(-1), axis=dim) if x.ndim else x.copy(),
    "take": lambda x, index: x.reshape(-1)[(index, ...)].copy(),
    "put": lambda x, index, source, accumulate=False: _written(
        writable(x, source).reshape(-1), index, source, accumulate
    ).reshape(x.shape),
    "index_add": _index_add,
    "index_copy": lambda x, dim, index, source: _written(
        writable(x, source), (*[slice(None)] * (dim % x.ndim), index), source, False
    ),
    "gather": lambda x, dim, index, sparse_grad=False: x[(*_along(index, dim), ...)].copy(),
    "scatter": _scatter,
    "scatter_add": lambda x, dim, index, source: _scatter(x, dim, index, source, add=True),
    "scatter_reduce": _scatter_reduce,
    "masked_select": _masked_select,
    "masked_scatter_backward": _masked_scatter_backward,
    "masked_scatter": _masked_scatter,
    "embedding": lambda weight, indices, *_, **__: weight[(indices, ...)].copy(),
    "embedding_dense_backward": _embedding_backward,
    "sort": _sort,
    "topk": _topk,
}
