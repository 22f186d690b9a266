"""PyTorch's operators that make, copy and convert tensors, and those that see the memory behind them."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank, unavailable
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.balls import Hull, Undecidable
from backcheck_reference.numbers.comparisons import decided, equal, unequal
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.literals import lift, number
from backcheck_reference.numbers.scalar_functions import whole


def _memory(x: Array) -> Array:
    """The memory that an array is a view of, as one row."""
    while isinstance(x.base, np.ndarray) and x.base.dtype == object:
        x = x.base
    return x.ravel(order="K")


def offset(x: Array) -> int:
    """How many entries into its memory an array begins."""
    start, here = (array.__array_interface__["data"][0] for array in (_memory(x), x))
    return int(here - start) // x.itemsize


def _as_strided(x: Array, size: Any, stride: Any, storage_offset: Any = None) -> Array:
    start = offset(x) if storage_offset is None else storage_offset
    strides = [n * x.itemsize for n in stride]
    row = _memory(x).view(type(x))
    if start + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) >= row.size and 0 not in size:
        raise unavailable("a view by strides that reaches beyond the memory of its tensor")
    if hasattr(x, "watch"):
        row = x.watch.keep(row)
    return np.lib.stride_tricks.as_strided(row[start:], size, strides, subok=True)


def _empty_strided(size: Any, stride: Any, *sources: Any, dtype: Any = None) -> Any:
    if dtype is not None and dtype.kind != "O":
        return np.zeros(size, dtype)
    entries = 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if 0 not in size else 0
    return _as_strided(blank([entries], *sources), size, stride)


def _filled(size: Any, fill: Any, *sources: Any, dtype: Any = None) -> Array:
    return blank(size, *sources, fill=fill) if dtype is None or dtype.kind == "O" else np.full(size, fill, dtype)


def _range(*ends: Any, dtype: Any = None) -> Array:
    start, end, step = {1: (0, *ends, 1), 2: (*ends, 1), 3: ends}[len(ends)]
    count = max(0, math.ceil((end - start) / step))
    return pack((count,), [number(start) + i * number(step) for i in range(count)])


def _linspace(start: Any, end: Any, steps: int, dtype: Any = None) -> Array:
    first, last = flint.arb(number(start)), flint.arb(number(end))
    return pack((steps,), [first + (last - first) * i / max(steps - 1, 1) for i in range(steps)])


def _to_copy(x: Array, dtype: Any = None) -> Array:
    """Between floats of any size nothing changes: what their rounding does is judged on floats."""
    if dtype is None or dtype.kind == "O":
        return lift(x).copy()
    if dtype.kind == "b":
        nonzero: Array = unequal(x, 0)
        return nonzero
    found = [whole(value) for value in x.view(np.ndarray).flat]
    if None in found:
        several = "a number is turned into an integer, and its ball holds several"
        raise Undecidable(several) if isinstance(x, Hull) else unavailable(several)
    return np.array(found, dtype=dtype).reshape(x.shape)


def _number_of(x: Array) -> Any:
    if isinstance(x, Hull):
        raise Undecidable("a branch on a comparison of balls that overlap")
    raise unavailable("the code takes a plain number out of a tensor, by .item(), float() or a list")


BUFFERS: Mapping[str, Operator] = {
    "_to_copy": _to_copy,
    "convert_element_type": _to_copy,
    **dict.fromkeys(("detach", "alias", "lift_fresh", "view_of"), lift),
    **dict.fromkeys(("clone", "lift_fresh_copy", "contiguous"), lambda x: lift(x).copy()),
    "copy": lambda x, source: np.broadcast_to(lift(source), x.shape, subok=True).copy(),
    "as_strided": _as_strided,
    "empty_strided": _empty_strided,
    "new_empty_strided": lambda x, size, stride, dtype=None: _empty_strided(size, stride, x, dtype=dtype),
    **dict.fromkeys(("zeros", "empty", "_efficientzerotensor"), partial(_filled, fill=0)),
    "ones": partial(_filled, fill=1),
    "full": _filled,
    **dict.fromkeys(("new_zeros", "new_empty"), lambda x, size, dtype=None: _filled(size, 0, x, dtype=dtype)),
    "new_ones": lambda x, size, dtype=None: _filled(size, 1, x, dtype=dtype),
    "new_full": lambda x, size, fill, dtype=None: _filled(size, fill, x, dtype=dtype),
    **dict.fromkeys(("zeros_like", "empty_like", "zero"), lambda x, dtype=None: _filled(x.shape, 0, x, dtype=dtype)),
    "ones_like": lambda x, dtype=None: _filled(x.shape, 1, x, dtype=dtype),
    "full_like": lambda x, fill, dtype=None: _filled(x.shape, fill, x, dtype=dtype),
    "fill": lambda x, fill: np.full_like(lift(x), number(fill) if not isinstance(fill, np.ndarray) else fill),
    "scalar_tensor": lambda fill, dtype=None: _filled((), fill, dtype=dtype),
    "arange": _range,
    "linspace": _linspace,
    "eye": lambda n, m=None, dtype=None: lift(np.eye(n, m)),
    "_local_scalar_dense": _number_of,
    "nonzero": lambda x: np.argwhere(decided(unequal(x, 0))),
    "equal": lambda a, b: bool(a.shape == b.shape and decided(equal(a, b)).all()),
}
