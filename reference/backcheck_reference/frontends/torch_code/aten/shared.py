"""What the evaluations of PyTorch's operators on exact numbers share.

An operator gets NumPy arrays: `object` arrays of balls where PyTorch has floats, integers and booleans as they are. A
boolean array may be an object array too, with the ball [0, 1] where a comparison of hulls cannot be decided.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers.balls import watched
from backcheck_reference.numbers.literals import lift, number

Array = np.ndarray
Operator = Callable[..., Any]


def unavailable(why: str) -> Unavailable:
    """The exception to raise where code leaves exact numbers."""
    return Unavailable(f"exact arithmetic is not available for this function: {why}")


def blank(shape: Iterable[int], *sources: Any, fill: Any = 0) -> Array:
    """An array of one number that can be written into: a hull where a source is one."""
    fill = number(fill)
    made = fill if type(fill) is flint.acb else flint.arb(fill)
    return watched(np.full(tuple(shape), made, dtype=object), *sources)


def writable(array: Array, *sources: Any) -> Array:
    """A copy that can be written into: a hull where the array or a source is one."""
    return watched(np.array(lift(array), copy=True, subok=True), array, *sources)


def axes(dim: Any, ndim: int) -> tuple[int, ...]:
    """Dimensions as PyTorch takes them: a number, a list, or nothing for all."""
    if dim is None or (isinstance(dim, list | tuple) and not dim):
        return tuple(range(ndim))
    return tuple(each % ndim for each in (dim if isinstance(dim, list | tuple) else [dim])) if ndim else ()


def along_last(x: Array, tables: Sequence[Array]) -> Array:
    """The last axes multiplied by a matrix each."""
    for axis, table in enumerate(tables, start=x.ndim - len(tables)):
        x = np.moveaxis(np.matmul(np.moveaxis(x, axis, -1), table), -1, axis)
    return x
