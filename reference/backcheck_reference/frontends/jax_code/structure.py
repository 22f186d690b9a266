"""JAX's primitives that move entries about: shapes, slices, sorts; and sums of products along axes."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.shared import Array, Evaluation
from backcheck_reference.numbers.balls import Undecidable, watched
from backcheck_reference.numbers.comparisons import decided, exact, hulls, less
from backcheck_reference.numbers.exact import middles


def _broadcast(x: Array, *_sizes: Any, shape: Sequence[int], broadcast_dimensions: Sequence[int], **_: Any) -> Array:
    widened = [1] * len(shape)
    for axis, at in enumerate(broadcast_dimensions):
        widened[at] = x.shape[axis]
    return np.broadcast_to(x.reshape(widened), shape, subok=True)


def pad(x: Array, value: Array, *, padding_config: Sequence[tuple[int, int, int]]) -> Array:
    """Entries of `value` before, after and between those of x along each axis; a negative number cuts off."""
    spread = [max(n + max(n - 1, 0) * inner, 0) for n, (_, _, inner) in zip(x.shape, padding_config, strict=True)]
    shape = [n + max(low, 0) + max(high, 0) for n, (low, high, _) in zip(spread, padding_config, strict=True)]
    out = np.full(shape, value.item(), dtype=x.dtype)
    if x.size:
        steps = zip(spread, padding_config, strict=True)
        out[tuple(slice(max(low, 0), max(low, 0) + n, inner + 1) for n, (low, _, inner) in steps)] = x
    cuts = zip(shape, padding_config, strict=True)
    return watched(out[tuple(slice(max(-low, 0), n - max(-high, 0)) for n, (low, high, _) in cuts)], x, value)


def _window(x: Array, sizes: Sequence[int], starts: Sequence[Any]) -> tuple[slice, ...]:
    """The part of x that a window covers. One that would reach outside is moved inside, as JAX does."""
    found = []
    for n, size, start in zip(x.shape, sizes, starts, strict=True):
        first = min(max(int(decided(start)), 0), n - size)
        found.append(slice(first, first + size))
    return tuple(found)


def _dynamic_update(x: Array, update: Array, *starts: Any, **_: Any) -> Array:
    out = np.array(x)
    out[_window(x, update.shape, starts)] = update
    return watched(out, x, update)


def _unstack(x: Array, *, axis: int) -> tuple[Array, ...]:
    return tuple(part.reshape(tuple(np.delete(x.shape, axis))) for part in np.split(x, x.shape[axis], axis))


def _iota(*_sizes: Any, dtype: Any, shape: Sequence[int], dimension: int, **_: Any) -> Array:
    at = np.arange(shape[dimension]).reshape([-1 if axis == dimension else 1 for axis in range(len(shape))])
    return np.broadcast_to(at, shape)


def _sort(*operands: Array, dimension: int, num_keys: int, **_: Any) -> tuple[Array, ...]:
    order = _order(operands[:num_keys], dimension)
    return tuple(np.take_along_axis(operand, order, dimension) for operand in operands)


def _order(keys: Sequence[Array], axis: int) -> Array:
    """The stable order by the first key, then the next. Raises Undecidable where balls that overlap could change it."""
    order = np.broadcast_to(_iota(dtype=None, shape=keys[0].shape, dimension=axis), keys[0].shape)
    for key in reversed(keys):
        moved = np.take_along_axis(middles(key), order, axis)
        order = np.take_along_axis(order, np.argsort(moved, axis=axis, kind="stable"), axis)
    if hulls(*keys):
        _require_apart(np.take_along_axis(keys[0], order, axis), axis)
    return order


def _require_apart(ordered: Array, axis: int) -> None:
    n = ordered.shape[axis]
    below = less(ordered.take(range(n - 1), axis), ordered.take(range(1, n), axis))
    if exact(below) or not np.all(below):
        raise Undecidable("a sort of balls that overlap")


def _top(x: Array, *, k: int, axis: int = -1, **_: Any) -> tuple[Array, Array]:
    order = _order([-x], axis % x.ndim).take(range(k), axis)
    return np.take_along_axis(x, order, axis), order


def dot_general(moved: Callable[..., Any]) -> Evaluation:
    """Sums of products along any axes, as products of matrices; `moved` brings an array's axes into an order."""

    def dot(a: Any, b: Any, *, dimension_numbers: Any, **_: Any) -> Any:
        (along_a, along_b), (batch_a, batch_b) = dimension_numbers
        free_a = [axis for axis in range(a.ndim) if axis not in (*along_a, *batch_a)]
        free_b = [axis for axis in range(b.ndim) if axis not in (*along_b, *batch_b)]
        batch, rows, columns = (
            [x.shape[axis] for axis in axes] for x, axes in ((a, batch_a), (a, free_a), (b, free_b))
        )
        terms = math.prod(a.shape[axis] for axis in along_a)
        lead = [math.prod(batch)] if batch else []
        left = moved(a, *batch_a, *free_a, *along_a).reshape(*lead, math.prod(rows), terms)
        right = moved(b, *batch_b, *along_b, *free_b).reshape(*lead, terms, math.prod(columns))
        return (left @ right).reshape((*batch, *rows, *columns))

    return dot


STRUCTURE: Mapping[str, Evaluation] = {
    "broadcast_in_dim": _broadcast,
    "reshape": lambda x, *_, new_sizes, dimensions=None, **__: (
        x if dimensions is None else x.transpose(dimensions)
    ).reshape(tuple(new_sizes)),
    "transpose": lambda x, *, permutation: x.transpose(permutation),
    "squeeze": lambda x, *, dimensions: x.reshape(tuple(n for axis, n in enumerate(x.shape) if axis not in dimensions)),
    "concatenate": lambda *parts, dimension: watched(np.concatenate(parts, dimension), *parts),
    "stack": lambda *parts, axis: watched(np.stack(parts, axis), *parts),
    "unstack": _unstack,
    "tile": lambda x, *, reps: np.tile(x, reps),
    "pad": pad,
    "slice": lambda x, *, start_indices, limit_indices, strides: x[
        tuple(map(slice, start_indices, limit_indices, strides or [1] * x.ndim))
    ],
    "dynamic_slice": lambda x, *starts, slice_sizes, **_: x[_window(x, slice_sizes, starts)],
    "dynamic_update_slice": _dynamic_update,
    "split": lambda x, *, sizes, axis: tuple(np.split(x, np.cumsum(sizes)[:-1], axis)),
    "rev": lambda x, *, dimensions: np.flip(x, tuple(dimensions)),
    "iota": _iota,
    **dict.fromkeys(("empty", "empty2"), lambda *, dtype, shape=(), **_: np.zeros(shape)),
    "sort": _sort,
    "top_k": _top,
    "dot_general": dot_general(lambda x, *axes: x.transpose(*axes)),
}
