"""PyTorch's operators that move numbers about: shapes, slices, joins. Views stay views of the same memory."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, axes, blank, writable
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.literals import lift


def _at(dim: int, ndim: int, index: Any) -> tuple[Any, ...]:
    """An index along one dimension; the ellipsis makes NumPy give an array even where one entry is left."""
    return (*[slice(None)] * (dim % max(ndim, 1)), index, ...)


def _slice(x: Array, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Array:
    return _select(x, dim, slice(start, end, step))


def _select(x: Array, dim: int, index: Any) -> Array:
    part: Array = x[_at(dim, x.ndim, index)]
    return part


def _pieces(x: Array, sizes: Any, dim: int = 0) -> list[Array]:
    ends = list(accumulate(sizes))
    return [_slice(x, dim, end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _split(x: Array, size: int, dim: int = 0) -> list[Array]:
    length = x.shape[dim]
    return _pieces(x, [min(size, length - at) for at in range(0, length, size)] or [0], dim)


def _expand(x: Array, size: Any, implicit: bool = False) -> Array:
    lead = len(size) - x.ndim
    shape = [x.shape[i - lead] if n == -1 else n for i, n in enumerate(size)]
    return np.broadcast_to(x, shape, subok=True)


def _squeeze(x: Array, dim: Any = None) -> Array:
    dims = () if isinstance(dim, list | tuple) and not dim else axes(dim, x.ndim)
    return x.reshape([n for i, n in enumerate(x.shape) if n != 1 or i not in dims])


def _unsqueeze(x: Array, dim: int) -> Array:
    at = dim % (x.ndim + 1)
    return x.reshape((*x.shape[:at], 1, *x.shape[at:]))


def _cat(tensors: list[Array], dim: int = 0) -> Array:
    # an empty tensor of one dimension is nothing at all to PyTorch
    kept = [lift(t) for t in tensors if t.shape != (0,)] or [lift(tensors[0])]
    return np.concatenate(kept, axis=dim)


def _padded(x: Array, pad: Any, value: Any = 0) -> Array:
    """Pairs from the last dimension on; a negative one cuts."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    sizes = [n + low + high for n, (low, high) in zip(x.shape, pairs, strict=True)]
    out = blank(sizes, x, fill=value)
    inner = tuple(slice(max(low, 0), n - max(high, 0)) for n, (low, high) in zip(sizes, pairs, strict=True))
    outer = tuple(slice(max(-low, 0), n - max(-high, 0)) for n, (low, high) in zip(x.shape, pairs, strict=True))
    out[inner] = x[outer]
    return out


def _triangle(keep: Operator) -> Operator:
    def cut(x: Array, diagonal: int = 0) -> Array:
        return np.where(keep(np.ones(x.shape[-2:], dtype=bool), diagonal), x, flint.arb(0))

    return cut


def _windows(x: Array, dim: int, size: int, step: int) -> Array:
    every = np.lib.stride_tricks.sliding_window_view(x, size, axis=dim % x.ndim, subok=True)
    windows: Array = every[_at(dim, x.ndim, slice(None, None, step))]
    return windows


def _scattered(index: Operator) -> tuple[Operator, Operator]:
    """Two operators that write into the part that an index names: into a copy of x, and into zeros."""

    def replace(x: Array, source: Array, *where: Any) -> Array:
        out = writable(x, source)
        out[index(out.ndim, *where)] = source
        return out

    def fill(dy: Array, sizes: Any, *where: Any) -> Array:
        return replace(blank(sizes, dy), dy, *where)

    return replace, fill


_slice_scatter, _slice_backward = _scattered(
    lambda ndim, dim=0, start=None, end=None, step=1: _at(dim, ndim, slice(start, end, step))
)
_select_scatter, _select_backward = _scattered(lambda ndim, dim, index: _at(dim, ndim, index))


def _diagonal(x: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    found = x.diagonal(offset, dim1, dim2)
    if x.flags.writeable:  # NumPy's own may not be written into
        found.flags.writeable = True
    return found


def _diagonal_scatter(x: Array, source: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    out = writable(x, source)
    turned = np.moveaxis(out, (dim1, dim2), (-2, -1))
    at = np.arange(source.shape[-1])
    turned[(..., at + max(-offset, 0), at + max(offset, 0))] = source
    return out


STRUCTURE: Mapping[str, Operator] = {
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "_reshape_alias"), lambda x, size, *_: x.reshape(size)),
    "expand": _expand,
    "permute": lambda x, dims: x.transpose(dims),
    "transpose": lambda x, a, b: x.swapaxes(a, b) if x.ndim else x,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "cat": _cat,
    # PyTorch takes these apart too; gates of recurrent layers and heads of attention are cut by them at every step
    "split": _split,
    "split_with_sizes": _pieces,
    "unbind": lambda x, dim=0: [_select(x, dim, i) for i in range(x.shape[dim])],
    "stack": lambda tensors, dim=0: np.stack([lift(t) for t in tensors], axis=dim),
    "slice": _slice,
    "select": _select,
    "slice_scatter": _slice_scatter,
    "slice_backward": _slice_backward,
    "select_scatter": _select_scatter,
    "select_backward": _select_backward,
    "flip": lambda x, dims: np.flip(x, tuple(dims)).copy(),
    "diagonal": _diagonal,
    "diagonal_scatter": _diagonal_scatter,
    "tril": _triangle(np.tril),
    "triu": _triangle(np.triu),
    "constant_pad_nd": _padded,
    "unfold": _windows,
}
