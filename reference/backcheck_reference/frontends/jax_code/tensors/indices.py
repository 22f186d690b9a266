"""JAX's gathers and scatters on tensors; the index arithmetic is that of `gather_scatter`."""

from collections.abc import Mapping, Sequence
from typing import Any

from backcheck_reference.frontends.jax_code.gather_scatter import Windows
from backcheck_reference.frontends.jax_code.tensors.values import Form, tensor
from backcheck_reference.lazy import torch


def _places(shape: Sequence[int], indices: Any, how: Windows, sizes: Sequence[int]) -> tuple[list[Any], Any]:
    """The index into the operand of each entry of each window, and whether the window lies within the operand."""
    many = tuple(indices.shape[:-1])
    inner = [axis for axis in range(len(shape)) if axis not in (*how.dropped, *how.batch)]
    whole, found = len(many) + len(inner), []
    within = torch.ones(many, dtype=torch.bool)
    for axis, (n, size) in enumerate(zip(shape, sizes, strict=True)):
        at = torch.zeros(many, dtype=torch.int64)
        if axis in how.starts:
            start = indices[..., how.starts.index(axis)]
            at = torch.clamp(start, 0, n - size)
            within = within & (at == start)
        if axis in how.batch:
            along = how.batch_of_indices[how.batch.index(axis)]
            at = at + _along(many[along], along, len(many))
        at = at.reshape((*many, *[1] * len(inner)))
        if axis in inner:
            at = at + _along(size, len(many) + inner.index(axis), whole)
        found.append(at)
    return found, within.reshape((*many, *[1] * len(inner)))


def _along(n: int, axis: int, axes: int) -> Any:
    """0 to n - 1 along one axis of so many."""
    return torch.arange(n).reshape([-1 if at == axis else 1 for at in range(axes)])


def _drops(within: Any, mode: Any) -> bool:
    """Does an index that lies outside count, and is there one?"""
    return getattr(mode, "name", str(mode)) == "FILL_OR_DROP" and not bool(within.all())


def _gather(
    x: Any, indices: Any, *, dimension_numbers: Any, slice_sizes: Any, mode: Any, fill_value: Any, **_: Any
) -> Any:
    how = Windows.of_gather(dimension_numbers)
    x, indices = tensor(x), tensor(indices)
    at, within = _places(x.shape, indices, how, slice_sizes)
    found = x[tuple(at)] if at else x.expand(tuple(indices.shape[:-1]))
    if _drops(within, mode):
        fill = float("nan") if fill_value is None and x.is_floating_point() else fill_value or 0
        found = torch.where(within, found, fill)
    many = indices.ndim - 1
    return torch.movedim(found, tuple(range(many, found.ndim)), tuple(how.window))


def _scatter(combine: str) -> Form:
    """Put updates where the indices say, or combine them with what is there; those that do not fit are dropped."""

    def scatter(x: Any, indices: Any, updates: Any, *, dimension_numbers: Any, mode: Any, **_: Any) -> Any:
        how = Windows.of_scatter(dimension_numbers)
        x, indices, updates = map(tensor, (x, indices, updates))
        many = updates.ndim - len(how.window)
        moved = torch.movedim(updates, tuple(how.window), tuple(range(many, updates.ndim)))
        inner = iter(moved.shape[many:])
        sizes = [1 if axis in (*how.dropped, *how.batch) else next(inner) for axis in range(x.ndim)]
        at, within = _places(x.shape, indices, how, sizes)
        place = torch.zeros((), dtype=torch.int64)
        for n, index in zip(x.shape, at, strict=True):
            place = place * n + index
        place = place.expand(moved.shape)
        if not bool(within.all()) and getattr(mode, "name", str(mode)) != "CLIP":
            fits = within.expand(moved.shape)
            place, moved = place[fits], moved[fits]
        return _combined(combine, x.reshape(-1), place.reshape(-1), moved.reshape(-1)).reshape(x.shape)

    return scatter


def _combined(combine: str, flat: Any, place: Any, moved: Any) -> Any:
    if combine in ("prod", "amax", "amin"):
        return torch.scatter_reduce(flat, 0, place, moved, combine)
    return torch.index_put(flat, (place,), -moved if combine == "sub" else moved, accumulate=combine != "set")


INDEXING: Mapping[str, Form] = {
    "gather": _gather,
    "scatter": _scatter("set"),
    "scatter-add": _scatter("add"),
    "scatter-sub": _scatter("sub"),
    "scatter-mul": _scatter("prod"),
    "scatter-max": _scatter("amax"),
    "scatter-min": _scatter("amin"),
}
