"""The same values in other memory: what code is given that was not called on fresh arrays only.

A backward that reads `dy.ravel("K")` or writes through `.flat` of a reshaped copy is right for an array by itself and
wrong, without a word, for the transpose of another array, for a part of it, or for one number that is repeated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

Shape = tuple[int, ...]
CONTIGUOUS, READ_ONLY, EXPANDED, ONE_NUMBER, OFFSET = "contiguous", "read-only", "expanded", "one number", "offset"
NOT_WRITEABLE = (READ_ONLY, EXPANDED, ONE_NUMBER)


class Placement(NamedTuple):
    """Where the entries lie, counted in entries: the size of the memory, a stride for each axis, the first entry."""

    size: int
    strides: tuple[int, ...]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class MemoryLayout:
    """`words` go behind "dy is". `place` says where entries lie, None where an array of this shape has no such layout.

    `source` is the text that lays out an array by NumPy, in which `{array}` stands for it.
    """

    words: str
    place: Callable[[Shape], Placement | None]
    source: str = "{array}"


def in_order(shape: Shape, axes: Sequence[int]) -> Placement:
    """Nothing between the entries; the last of the axes is the one that changes fastest."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(axes):
        strides[axis], step = step, step * shape[axis]
    return Placement(prod(shape), tuple(strides))


def repeated(shape: Shape, axes: Sequence[int]) -> Placement | None:
    """One number for all entries along these axes."""
    if all(shape[axis] < 2 for axis in axes):
        return None
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    size, strides, _ = in_order(kept, range(len(shape)))
    return Placement(size, tuple(0 if axis in axes else stride for axis, stride in enumerate(strides)))


def _contiguous(shape: Shape) -> Placement:
    return in_order(shape, range(len(shape)))


def _expanded(shape: Shape) -> Placement | None:
    return repeated(shape, (0,)) if shape else None


def _one_number(shape: Shape) -> Placement | None:
    return repeated(shape, range(len(shape)))


def _swapped(one: int, other: int) -> Callable[[Shape], Placement | None]:
    def place(shape: Shape) -> Placement | None:
        if len(shape) <= max(one, other, 1) or shape[one] < 2 or shape[other] < 2:
            return None
        axes = list(range(len(shape)))
        axes[one], axes[other] = axes[other], axes[one]
        return in_order(shape, axes)

    return place


def _fortran(shape: Shape) -> Placement | None:
    return in_order(shape, range(len(shape))[::-1]) if len(shape) > 1 else None


def _sliced(shape: Shape) -> Placement | None:
    """Every second entry of the last axis."""
    return _in_rows_of(shape, 2 * shape[-1], step=2) if shape and shape[-1] > 1 else None


def _reversed(shape: Shape) -> Placement | None:
    """From the end to the beginning."""
    size, strides, _ = _contiguous(shape)
    return Placement(size, tuple(-stride for stride in strides), size - 1) if size > 1 else None


def _part_of_rows(shape: Shape) -> Placement | None:
    """As one of the three parts that a product for queries, keys and values is split into."""
    if len(shape) < 2 or shape[-2] < 2:
        return None
    return _in_rows_of(shape, 3 * shape[-1], offset=shape[-1])


def _in_rows_of(shape: Shape, width: int, step: int = 1, offset: int = 0) -> Placement:
    size, strides, _ = _contiguous((*shape[:-1], width))
    return Placement(size, (*strides[:-1], step), offset)


def _offset(shape: Shape) -> Placement:
    """One entry into its memory: aligned to its own size only."""
    size, strides, _ = _contiguous(shape)
    return Placement(size + 1, strides, 1)


def _channels_last(shape: Shape) -> Placement | None:
    return in_order(shape, (0, 2, 3, 1)) if len(shape) == 4 else None


_SWAPPED = "{{array}}.swapaxes({0}, {1}).copy().swapaxes({0}, {1})"
# the simplest first, to which a failure shrinks
LAYOUTS: Mapping[str, MemoryLayout] = {
    CONTIGUOUS: MemoryLayout("contiguous", _contiguous),
    EXPANDED: MemoryLayout("expanded: entries share memory", _expanded, "np.broadcast_to({array}[:1], {shape})"),
    "transposed": MemoryLayout("transposed in memory", _swapped(-1, -2), _SWAPPED.format(-1, -2)),
    "sliced": MemoryLayout("every second entry of its memory", _sliced, "np.repeat({array}, 2, axis=-1)[..., ::2]"),
    "part of rows": MemoryLayout(
        "a part of wider rows", _part_of_rows, "np.concatenate([{array}] * 3, axis=-1)[..., {width} : 2 * {width}]"
    ),
    OFFSET: MemoryLayout(
        "one entry into its memory", _offset, "np.roll(np.resize({array}, {size} + 1), 1)[1:].reshape({shape})"
    ),
    "heads swapped": MemoryLayout("swapped in memory at its axes 1 and 2", _swapped(1, 2), _SWAPPED.format(1, 2)),
    "channels last": MemoryLayout(
        "channels last in memory", _channels_last, "np.moveaxis(np.moveaxis({array}, 1, -1).copy(), -1, 1)"
    ),
    "fortran": MemoryLayout("in Fortran's order in memory", _fortran, "np.asfortranarray({array})"),
    "reversed": MemoryLayout("reversed in memory", _reversed, "np.flip(np.flip({array}).copy())"),
    READ_ONLY: MemoryLayout("read-only", _contiguous, "np.broadcast_to({array}, {shape})"),
    ONE_NUMBER: MemoryLayout(
        "one number that all entries share", _one_number, "np.broadcast_to({array}.ravel()[:1], {shape})"
    ),
}


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """A copy in that layout; the array itself where its shape allows no such layout.

    Of an array that is to be repeated the first entries along the axis are taken for all.
    """
    place = LAYOUTS[layout].place(array.shape) if array.size and array.ndim else None
    if layout == CONTIGUOUS or place is None:
        return array
    item = array.dtype.itemsize
    memory = np.zeros(place.size * item, np.uint8)  # of bytes: NumPy gives no buffer of bfloat16
    steps = tuple(stride * item for stride in place.strides)
    made: np.ndarray = np.ndarray(array.shape, array.dtype, memory, place.offset * item, steps)
    made[...] = array[tuple(slice(None if stride else 1) for stride in place.strides)]
    made.flags.writeable = layout not in NOT_WRITEABLE
    return made


def layout_of(array: np.ndarray) -> str:
    """The name of the layout that the array has, contiguous where it has none of these."""
    if not array.size or not array.ndim:
        return CONTIGUOUS
    if array.flags.c_contiguous:
        base = array.base
        if not isinstance(base, np.ndarray):  # memory of its own, or of another library
            return CONTIGUOUS
        if not array.flags.writeable:
            return READ_ONLY
        starts = array.ctypes.data - base.ctypes.data
        return OFFSET if starts == array.itemsize == base.nbytes - array.nbytes else CONTIGUOUS
    for name, layout in LAYOUTS.items():
        place = layout.place(array.shape)
        if place is not None and all(
            size < 2 or stride * array.itemsize == step
            for size, stride, step in zip(array.shape, place.strides, array.strides, strict=True)
        ):
            return name
    return CONTIGUOUS


def said(arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """How those arrays lie in memory that are not by themselves, in words.

    >>> said({"x": np.ones((2, 3)), "dy": np.ones((3, 2)).T})
    ('dy is transposed in memory',)
    """
    odd = {name: layout_of(array) for name, array in arrays.items()}
    return tuple(f"{name} is {LAYOUTS[layout].words}" for name, layout in odd.items() if layout != CONTIGUOUS)


def source_of(text: str, array: np.ndarray) -> str:
    """Source text that makes the array in its layout, from the text that makes its values."""
    width = array.shape[-1] if array.ndim else 1
    return LAYOUTS[layout_of(array)].source.format(array=text, shape=array.shape, size=array.size, width=width)
