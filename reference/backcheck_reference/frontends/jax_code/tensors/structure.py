"""JAX's primitives that move entries about, on tensors; and sums of products along axes."""

from collections.abc import Mapping, Sequence
from typing import Any

from backcheck_reference.frontends.jax_code.structure import dot_general
from backcheck_reference.frontends.jax_code.tensors.values import Form, tensor
from backcheck_reference.lazy import F, Unavailable, torch


def _broadcast(x: Any, *_sizes: Any, shape: Sequence[int], broadcast_dimensions: Sequence[int], **_: Any) -> Any:
    x, widened = tensor(x), [1] * len(shape)
    for axis, at in enumerate(broadcast_dimensions):
        widened[at] = x.shape[axis]
    return x.reshape(widened).expand(tuple(shape))


def pad(x: Any, value: Any, *, padding_config: Sequence[tuple[int, int, int]]) -> Any:
    """Entries of `value` before, after and between those of x along each axis; a negative number cuts off."""
    if isinstance(value, torch.Tensor):
        raise Unavailable("JAX's primitive 'pad' with a value that is computed has no form on tensors")
    for axis, (_, _, between) in enumerate(padding_config):
        if between and x.shape[axis] > 1:
            n = x.shape[axis]
            apart = _padded(x.unsqueeze(axis + 1), axis + 1, (0, between), value)
            x = apart.flatten(axis, axis + 1).narrow(axis, 0, n + (n - 1) * between)
    margins = [width for low, high, _ in reversed(padding_config) for width in (low, high)]
    return F.pad(x, margins, value=value) if any(margins) else x


def _padded(x: Any, axis: int, margins: tuple[int, int], value: Any) -> Any:
    return F.pad(x, [0, 0] * (x.ndim - 1 - axis) + list(margins), value=value)


def _starts(x: Any, sizes: Sequence[int], starts: Sequence[Any]) -> list[int]:
    """Where a window begins. One that would reach outside is moved inside, as JAX does."""
    return [min(max(int(start), 0), n - size) for n, size, start in zip(x.shape, sizes, starts, strict=True)]


def _dynamic_slice(x: Any, *starts: Any, slice_sizes: Sequence[int], **_: Any) -> Any:
    for axis, (start, size) in enumerate(zip(_starts(x, slice_sizes, starts), slice_sizes, strict=True)):
        x = x.narrow(axis, start, size)
    return x


def _dynamic_update(x: Any, update: Any, *starts: Any, **_: Any) -> Any:
    x, update = tensor(x), tensor(update)
    entries = torch.arange(x.numel()).reshape(x.shape)
    places = _dynamic_slice(entries, *starts, slice_sizes=update.shape)
    new = torch.index_put(x.reshape(-1), (places.reshape(-1),), update.reshape(-1))
    return new.reshape(x.shape)


def _slice(x: Any, *, start_indices: Any, limit_indices: Any, strides: Any) -> Any:
    return x[tuple(map(slice, start_indices, limit_indices, strides or [1] * x.ndim))]


def _iota(*_sizes: Any, dtype: Any, shape: Sequence[int], dimension: int, **_: Any) -> Any:
    kind = torch.int64 if dtype.kind in "iu" else torch.float64
    at = torch.arange(shape[dimension], dtype=kind)
    return at.reshape([-1 if axis == dimension else 1 for axis in range(len(shape))]).expand(tuple(shape))


STRUCTURE: Mapping[str, Form] = {
    "broadcast_in_dim": _broadcast,
    "reshape": lambda x, *_, new_sizes, dimensions=None, **__: (
        tensor(x) if dimensions is None else x.permute(*dimensions)
    ).reshape(tuple(new_sizes)),
    "transpose": lambda x, *, permutation: x.permute(*permutation),
    "squeeze": lambda x, *, dimensions: x.reshape([n for axis, n in enumerate(x.shape) if axis not in dimensions]),
    "concatenate": lambda *parts, dimension: torch.cat(parts, dimension),
    "stack": lambda *parts, axis: torch.stack(list(map(tensor, parts)), axis),
    "unstack": lambda x, *, axis: torch.unbind(x, axis),
    "tile": lambda x, *, reps: torch.tile(x, tuple(reps)),
    "pad": pad,
    "slice": _slice,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update,
    "split": lambda x, *, sizes, axis: torch.split(x, list(sizes), axis),
    "rev": lambda x, *, dimensions: torch.flip(x, tuple(dimensions)),
    "iota": _iota,
    **dict.fromkeys(("empty", "empty2"), lambda *, dtype, shape=(), **_: torch.zeros(shape, dtype=torch.float64)),
    "dot_general": dot_general(lambda x, *axes: x.permute(*axes)),
}
