"""JAX's gathers and scatters: `x[i]`, `x.at[i].add(y)`, `take`, `take_along_axis` and their gradients.

The index arithmetic is XLA's (openxla.org/xla/operation_semantics), written once in `_places`: where in the operand
each entry of a window lies.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck_reference.frontends.jax_code.shared import Array, Evaluation, packed
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.balls import watched
from backcheck_reference.numbers.comparisons import boxed, decided, larger, smaller


class Windows(NamedTuple):
    """How a gather or scatter places its windows. JAX has two sets of names for these axes."""

    window: tuple[int, ...]  # the axes of the output (of the updates) that run through a window
    dropped: tuple[int, ...]
    starts: tuple[int, ...]
    batch: tuple[int, ...]
    batch_of_indices: tuple[int, ...]

    @classmethod
    def of_gather(cls, d: Any) -> "Windows":
        batches = d.operand_batching_dims, d.start_indices_batching_dims
        return cls(d.offset_dims, d.collapsed_slice_dims, d.start_index_map, *batches)

    @classmethod
    def of_scatter(cls, d: Any) -> "Windows":
        batches = d.operand_batching_dims, d.scatter_indices_batching_dims
        return cls(d.update_window_dims, d.inserted_window_dims, d.scatter_dims_to_operand_dims, *batches)


def _places(shape: Sequence[int], indices: Array, how: Windows, sizes: Sequence[int], mode: Any) -> tuple[Any, Array]:
    """The index into the operand of each entry of each window, and whether the window lies within the operand."""
    indices = decided(indices)
    many = indices.shape[:-1]
    inner = [axis for axis in range(len(shape)) if axis not in (*how.dropped, *how.batch)]
    whole, found = len(many) + len(inner), []
    within = np.ones(many, dtype=bool)
    for axis, (n, size) in enumerate(zip(shape, sizes, strict=True)):
        at = np.zeros(many, dtype=np.int64)
        if axis in how.starts:
            start = indices[..., how.starts.index(axis)].astype(np.int64)
            at = np.clip(start, 0, n - size)
            within = within & ((at == start) | (_name(mode) == "CLIP"))
        if axis in how.batch:
            along = how.batch_of_indices[how.batch.index(axis)]
            at = at + np.arange(many[along]).reshape([-1 if i == along else 1 for i in range(len(many))])
        at = at.reshape((*many, *[1] * len(inner)))
        if axis in inner:
            at = at + np.arange(size).reshape([-1 if i == len(many) + inner.index(axis) else 1 for i in range(whole)])
        found.append(at)
    return tuple(found), within.reshape((*many, *[1] * len(inner)))


def _name(mode: Any) -> str:
    return getattr(mode, "name", str(mode))


def _gather(
    x: Array, indices: Array, *, dimension_numbers: Any, slice_sizes: Any, mode: Any, fill_value: Any, **_: Any
) -> Array:
    how = Windows.of_gather(dimension_numbers)
    at, within = _places(x.shape, indices, how, slice_sizes, mode)
    fill = _fill(x, fill_value)
    shape = np.broadcast_shapes(*(index.shape for index in at))
    found = boxed(x[at]) if x.size else np.broadcast_to(fill, shape)
    if _name(mode) == "FILL_OR_DROP":
        found = np.where(within, found, fill)
    many = indices.ndim - 1
    return np.moveaxis(found, range(many, found.ndim), how.window)


def _fill(x: Array, fill_value: Any) -> Array:
    """What stands for an entry outside: NaN unless something else was asked for."""
    if x.dtype == object:
        return packed((), [flint.arb(float("nan") if fill_value is None else float(fill_value))])
    if fill_value is None:
        fill_value = True if x.dtype == bool else np.iinfo(x.dtype).min if x.dtype.kind == "i" else -1
    return np.asarray(fill_value).astype(x.dtype)


class Turns(NamedTuple):
    """How numbers that meet at one place are combined, a pair at a time, so that hulls are compared as hulls."""

    pair: Evaluation

    def combine(self, out: Array, where: Any, updates: Array) -> Array:
        flat, parts = out.reshape(-1), updates.reshape(-1)
        places = np.ravel_multi_index([each.reshape(-1) for each in where], out.shape) if out.ndim else np.zeros(1, int)
        order = np.argsort(places, kind="stable")
        turn = np.empty(places.size, np.int64)
        turn[order] = np.arange(places.size) - np.searchsorted(places[order], places[order])
        for now in range(turn.max(initial=-1) + 1):
            chosen = turn == now
            flat[places[chosen]] = self.pair(flat[places[chosen]], parts[chosen])
        return flat.reshape(out.shape)


def _scatter(ufunc: np.ufunc | Turns | None) -> Evaluation:
    """Put updates where the indices say, or combine them with what is there; those that do not fit are dropped."""

    def scatter(x: Array, indices: Array, updates: Array, *, dimension_numbers: Any, mode: Any, **_: Any) -> Array:
        how = Windows.of_scatter(dimension_numbers)
        many = updates.ndim - len(how.window)
        moved = np.moveaxis(updates, how.window, range(many, updates.ndim))
        inner = iter(moved.shape[many:])
        sizes = [1 if axis in (*how.dropped, *how.batch) else next(inner) for axis in range(x.ndim)]
        at, within = _places(x.shape, indices, how, sizes, mode)
        fits = np.broadcast_to(within, moved.shape)
        where = tuple(np.broadcast_to(index, moved.shape)[fits] for index in at)
        out, moved = np.array(x), np.asarray(moved)[fits]
        if ufunc is None:
            out[where] = moved
        elif isinstance(ufunc, Turns):
            return ufunc.combine(watched(out, x, updates), where, watched(moved, x, updates))
        else:
            ufunc.at(out, where, moved)
        return watched(out, x, updates)

    return scatter


INDEXING: Mapping[str, Evaluation] = {
    "gather": _gather,
    "scatter": _scatter(None),
    "scatter-add": _scatter(np.add),
    "scatter-sub": _scatter(np.subtract),
    "scatter-mul": _scatter(np.multiply),
    "scatter-max": _scatter(Turns(larger)),
    "scatter-min": _scatter(Turns(smaller)),
}
