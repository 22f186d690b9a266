"""PyTorch's operators that choose entries by index: gather, scatter, masks, embeddings, sorts."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank, writable
from backcheck_reference.numbers.comparisons import decided, less, less_equal
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.literals import lift, number


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


# what an empty place holds before something is combined with it
NEUTRAL = {"sum": 0, "mean": 0, "prod": 1, "amax": -math.inf, "amin": math.inf}
COMBINE = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _scatter_reduce(x: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool = True) -> Array:
    part = source[tuple(slice(n) for n in index.shape)]
    where = np.broadcast_arrays(*_along(index, dim)) if x.ndim else (np.zeros((), np.int64),)
    return _combined(x, where, part, reduce, include_self)


def _index_reduce(x: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool = True) -> Array:
    places: list[Any] = list(np.indices(source.shape))
    places[dim] = index.reshape([-1 if axis == dim % x.ndim else 1 for axis in range(x.ndim)])
    return _combined(x, np.broadcast_arrays(*places), source, reduce, include_self)


def _combined(x: Array, where: Any, source: Array, reduce: str, include_self: bool) -> Array:
    """Sources combined with what is at their places, or with each other alone.

    What meets at one place is combined in turn, a round for each, so that hulls are compared as hulls.
    """
    out = writable(x, source).reshape(-1)
    shape = x.shape if x.ndim else (1,)
    places = np.ravel_multi_index([np.asarray(each).reshape(-1) for each in where], shape)
    parts, met = source.reshape(-1), np.bincount(places, minlength=out.size)
    if not include_self:
        out[met > 0] = number(float(NEUTRAL[reduce]))
    order = np.argsort(places, kind="stable")
    turn = np.empty(places.size, np.int64)
    turn[order] = np.arange(places.size) - np.searchsorted(places[order], places[order])
    for now in range(turn.max(initial=-1) + 1):
        chosen = turn == now
        out[places[chosen]] = COMBINE[reduce](out[places[chosen]], parts[chosen])
    if reduce == "mean":
        counts = np.maximum(met + include_self, 1)
        out = out / lift(counts)
    return out.reshape(x.shape)


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
    return _written(writable(x, source), _rows(x, dim, index), source if alpha == 1 else number(alpha) * source, True)


def _rows(x: Array, dim: int, index: Array) -> tuple[Any, ...]:
    return (*[slice(None)] * (dim % max(x.ndim, 1)), index.reshape(-1))


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


def _kth(x: Array, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    values, order = _sort(x, dim)
    if not x.ndim:
        return values, order
    at: Any = (*[slice(None)] * (dim % x.ndim), slice(k - 1, k), ...)
    found, index = values[at], order[at]
    return (found, index) if keepdim else (found.squeeze(dim), index.squeeze(dim))


def _median(x: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    return _kth(x, (x.shape[dim] + 1) // 2 if x.ndim else 1, dim, keepdim)


def _positions(boundaries: Array, x: Array, right: bool) -> Array:
    """For each number how many boundaries lie below it, those that equal it too with `right`."""
    compare = less_equal if right else less
    below = decided(compare(boundaries[..., None, :], x[..., None]))
    found: Array = below.sum(axis=-1)
    return found


def _searched(
    boundaries: Array, x: Any, *, out_int32: bool = False, right: bool = False, side: Any = None, sorter: Any = None
) -> Array:
    boundaries, x = lift(boundaries), lift(x) if isinstance(x, np.ndarray) else pack((), [number(x)])
    if sorter is not None:
        boundaries = np.take_along_axis(boundaries, sorter, -1)
    row = x.reshape(-1) if boundaries.ndim == 1 else x
    found = _positions(boundaries, row, right or side == "right").reshape(x.shape)
    return found.astype(np.int32 if out_int32 else np.int64)


def _counted(x: Array, weights: Any = None, minlength: int = 0) -> Array:
    out = blank((max(minlength, int(x.max(initial=-1)) + 1),), weights)
    return _written(out, x, weights, True)


def _topk(x: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, ...]:
    first = (*[slice(None)] * (dim % x.ndim), slice(k))
    values, order = _sort(x, dim, largest)
    return values[first], order[first]


INDICES: Mapping[str, Operator] = {
    **dict.fromkeys(("index", "_unsafe_index"), _index),
    **dict.fromkeys(("index_put", "_unsafe_index_put", "_index_put_impl"), _index_put),
    "index_select": lambda x, dim, index: np.take(x, index.reshape(-1), axis=dim) if x.ndim else x.copy(),
    "put": lambda x, index, source, accumulate=False: _written(
        writable(x, source).reshape(-1), index, source, accumulate
    ).reshape(x.shape),
    "index_add": _index_add,
    "index_copy": lambda x, dim, index, source: _written(writable(x, source), _rows(x, dim, index), source, False),
    "gather": lambda x, dim, index, sparse_grad=False: x[(*_along(index, dim), ...)].copy(),
    "scatter": _scatter,
    "scatter_add": lambda x, dim, index, source: _scatter(x, dim, index, source, add=True),
    "scatter_reduce": _scatter_reduce,
    "index_reduce": _index_reduce,
    "kthvalue": _kth,
    "median": lambda x: _median(x.reshape(-1), 0)[0],
    "nanmedian": lambda x: _median(x.reshape(-1), 0)[0],
    "median.dim": _median,
    "nanmedian.dim": _median,
    "searchsorted": _searched,
    "bucketize": lambda x, boundaries, **options: _searched(boundaries, x, **options),
    "bincount": _counted,
    "masked_select": _masked_select,
    "masked_scatter_backward": _masked_scatter_backward,
    "masked_scatter": _masked_scatter,
    "embedding": lambda weight, indices, *_, **__: weight[(indices, ...)].copy(),
    "embedding_dense_backward": _embedding_backward,
    "sort": _sort,
    "topk": _topk,
}
