"""Exact arrays one element at a time: a single element stays an array, so that it can do what a float can."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.values import bare, fitted, lifted, require_room, write
from backcheck_reference.numbers import balls
from backcheck_reference.numbers.scalar_functions import number, whole


class Flat:
    """The elements of an exact array one after the other, as `.flat` hands them out."""

    def __init__(self, array: Any) -> None:
        self._array, self._flat = array, bare(array).flat

    def __len__(self) -> int:
        return int(self._array.size)

    def __iter__(self) -> Iterator[Any]:
        return map(self._array.given, self._flat)

    def __getitem__(self, key: Any) -> Any:
        return self._array.given(self._flat[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._flat[key] = fitted(self._array, value)


def integers(array: Any) -> np.ndarray:
    found = [whole(each) for each in bare(array).ravel().tolist()]
    if None in found:
        raise balls.Undecidable("an integer that a ball leaves open")
    return np.array(found, dtype=np.int64).reshape(array.shape)


def masked(ufunc: np.ufunc, array: Any, mask: Any, initial: Any) -> Any:
    start = ufunc.identity if initial is None else initial
    if start is None:
        raise ValueError(f"reduction operation {ufunc.__name__!r} with a mask needs an initial value")
    return np.where(mask, array, start)


def at_indices(ufunc: np.ufunc, target: Any, *args: Any) -> None:
    require_room(target)
    ufunc.at(bare(target), args[0], *map(lifted, args[1:]))


def boxed(array: Any, value: Any) -> Any:
    """An array whose elements are arrays without axes, for a loop made of a user's own function."""
    if not isinstance(value, np.ndarray):
        return value
    box = np.empty(value.shape, dtype=object)
    for at in np.ndindex(value.shape):
        box[at] = array.given(number(bare(value)[at]))
    return box


def written(target: Any, result: Any) -> Any:
    """`out`: filled and returned. NumPy's own code gives its scalars as `out` too; those stay as they are."""
    if getattr(target, "is_scalar", False):
        return result
    write(target, result)
    return target
