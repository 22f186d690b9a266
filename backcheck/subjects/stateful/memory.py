"""Arrays that share memory: views of one another (`self.V = self.W.T`), or parts of one buffer.

`copy.deepcopy` makes an array of its own of every view. Here the copies are views of one copied buffer, laid out as the
arrays were, so that what is written into one of them is seen by the others.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.lib.stride_tricks import as_strided

Convert = Callable[[np.ndarray], np.ndarray]


def addresses(array: np.ndarray) -> np.ndarray:
    """Where each entry lies in memory, in the order of the entries."""
    found = np.full((), _start(array), dtype=np.int64)
    for axis, (size, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        found = found + (np.arange(size) * stride).reshape((-1,) + (1,) * (array.ndim - 1 - axis))
    return np.broadcast_to(found, array.shape).ravel()


def groups(arrays: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """The arrays by the stretch of memory that they lie in, where two or more lie in one."""
    found: list[list[np.ndarray]] = []
    end = 0
    each = {id(array): array for array in arrays if array.size}.values()
    for low, high, array in sorted(((*byte_bounds(a), a) for a in each), key=operator.itemgetter(0)):
        if low >= end:
            found.append([])
        found[-1].append(array)
        end = max(end, high)
    return [group for group in found if len(group) > 1]


def of_one_kind(group: Sequence[np.ndarray]) -> bool:
    """Do they see the same numbers in the memory? A complex array and its real part do not."""
    steps = [_start(array) - _start(group[0]) for array in group]
    steps += [stride for array in group for stride in array.strides]
    same = all(array.dtype == group[0].dtype for array in group)
    return same and all(step % group[0].itemsize == 0 for step in steps)


def as_views(group: Sequence[np.ndarray], convert: Convert | None = None) -> dict[int, np.ndarray]:
    """The copies of arrays of one stretch of memory by the identity of the arrays, as views of one buffer.

    `convert` makes the numbers of the buffer others, one for one.
    """
    size = group[0].itemsize
    bounds = [byte_bounds(array) for array in group]
    low, high = min(each[0] for each in bounds), max(each[1] for each in bounds)
    buffer = np.zeros((high - low) // size, group[0].dtype)
    places = [((_start(array) - low) // size, array) for array in group]
    for place, array in places:
        _view(buffer, place, array)[...] = _bare(array)
    whole = buffer if convert is None else convert(buffer)
    found = {}
    for place, array in places:
        # the class and what goes with it (the watch of a ball) are those of the new numbers, where they are others
        like = array if convert is None else whole
        view = np.ndarray.view(_view(_bare(whole), place, array), type(like))
        view.__array_finalize__(like)
        found[id(array)] = view
    return found


def same_place(one: Any, other: np.ndarray) -> bool:
    """Are they one array, or two that lie in the same place?"""
    if one is other or not isinstance(one, np.ndarray):
        return one is other
    return one.shape == other.shape and one.strides == other.strides and _start(one) == _start(other)


def write(into: np.ndarray, values: Any) -> None:
    """Put numbers into an array, whatever class it has: exact arrays have assignments of their own."""
    _bare(into)[...] = _bare(np.asanyarray(values))


def _view(buffer: np.ndarray, place: int, like: np.ndarray) -> np.ndarray:
    """The part of a buffer that lies in it, from this place on, as an array lies in its memory."""
    steps = tuple(stride // like.itemsize * buffer.itemsize for stride in like.strides)
    return as_strided(buffer[place:], like.shape, steps)


def _bare(array: np.ndarray) -> np.ndarray:
    return np.ndarray.view(array, np.ndarray)  # exact arrays note it when they are asked for it themselves


def _start(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])
