"""The right numbers in the wrong places."""

from itertools import permutations

import numpy as np

from backcheck.faults.compare import axis_sets, equals, fits, matches, off, simple
from backcheck.faults.words import axes_in_words
from backcheck.faults.wrong import Wrong, options


def transposed(wrong: Wrong) -> str | None:
    for order in permutations(range(wrong.want.ndim)):
        turned = wrong.want.transpose(order)
        if turned.shape == wrong.want.shape and fits(wrong, turned):
            if wrong.want.ndim == 2:
                return f"got is want transposed ({len(turned)} x {len(turned)}, so the shape does not show it)"
            return f"got is want with its axes in the order {list(order)}"
    return None


def reshaped(wrong: Wrong) -> str | None:
    """A reshape where a transpose belongs: the numbers are read in another order."""
    for order in permutations(range(wrong.want.ndim)):
        turned = wrong.want.transpose(order)
        if turned.shape != wrong.want.shape and fits(wrong, turned.reshape(wrong.want.shape)):
            return (
                f"got has want's numbers, read with the axes in the order {list(order)}: a reshape "
                "where a transpose belongs"
            )
    return None


def reversed_along(wrong: Wrong) -> str | None:
    for axes in axis_sets(wrong.want.ndim):
        if fits(wrong, np.flip(wrong.want, axes)):
            hint = ": the kernel is flipped or fails to be" if len(axes) > 1 else ""
            return f"got is want reversed along {axes_in_words(axes)}{hint}"
    return None


def shifted(wrong: Wrong) -> str | None:
    """Off by one, with zeros moving in or with the end kept."""
    for axis, n in enumerate(wrong.want.shape):
        for step in (1, -1) if n > 2 else ():
            rolled = np.moveaxis(np.roll(wrong.want, step, axis).copy(), axis, 0)
            for end, words in ((0.0, "a zero moved in"), (None, "the end kept")):
                gap = 0 if step == 1 else -1
                rolled[gap] = np.moveaxis(wrong.want, axis, 0)[gap] if end is None else end
                if fits(wrong, np.moveaxis(rolled, 0, axis), fitted=1):
                    return f"got is want shifted by {step} along axis {axis}, {words}: off by one"
    return None


def rolled(wrong: Wrong) -> str | None:
    for axis, n in enumerate(wrong.want.shape):
        for step in range(1, n):
            if fits(wrong, np.roll(wrong.want, step, axis)):
                back = step - n if step > n // 2 else step
                return f"got is want rolled by {back} along axis {axis} of {n}"
    return None


def _orders(wrong: Wrong) -> list[tuple[str, np.ndarray]]:
    """The permutations among the inputs and options."""
    given = {name: array for name, array in wrong.inputs.items() if array.dtype.kind in "iu"}
    given |= {name: np.array(value) for name, value in options(wrong).items() if isinstance(value, tuple | list)}
    return [
        (name, order)
        for name, order in given.items()
        if order.ndim == 1 and order.size > 2 and np.array_equal(np.sort(order), np.arange(order.size))
    ]


def inverse_permutation(wrong: Wrong) -> str | None:
    """For y = x[p], dx[p] = dy: the gradient goes back by the inverse of p. Seen only if p is not its own inverse."""
    for name, order in _orders(wrong):
        undo = np.argsort(order)
        for axis, n in enumerate(wrong.dy.shape if wrong.dy.shape == wrong.want.shape else ()):
            if n != order.size:
                continue
            for right, wrongly in ((undo, order), (order, undo)):
                reached = equals(wrong.want, wrong.dy.take(right, axis), wrong.digits)
                if reached and fits(wrong, wrong.dy.take(wrongly, axis)):
                    return f"dy is permuted along axis {axis} by {wrongly.tolist()}; {name} asks for {right.tolist()}"
    return None


def permuted_slices(wrong: Wrong) -> str | None:
    """The slices along an axis are all there, in another order."""
    for axis, n in enumerate(wrong.want.shape):
        order = _matching(np.moveaxis(wrong.got, axis, 0), np.moveaxis(wrong.want, axis, 0), wrong.digits)
        if n > 2 and order is not None and fits(wrong, wrong.want.take(order, axis), fitted=1):
            return f"got has want's slices along axis {axis} in the order {order}{_cycles(order)}"
    return None


def _matching(got: np.ndarray, want: np.ndarray, digits: float) -> list[int] | None:
    order: list[int] = []
    for slab in got:
        hits = [i for i, other in enumerate(want) if i not in order and equals(slab, other, digits)]
        if not hits:
            return None
        order.append(hits[0])
    return order


def _cycles(order: list[int]) -> str:
    moved = [i for i, j in enumerate(order) if i != j]
    start = moved[0]
    length, at = 1, order[start]
    while at != start:
        length, at = length + 1, order[at]
    return f", a {length}-cycle" if length == len(moved) else ""


def permuted(wrong: Wrong) -> str | None:
    """The same numbers, each as often, anywhere."""
    want = np.sort(wrong.want, axis=None)
    placed = np.empty_like(want)
    placed[np.argsort(wrong.got, axis=None)] = want
    if len(np.unique(want[~simple(want)])) < 4 or not matches(wrong, placed.reshape(wrong.want.shape)):
        return None
    return f"got has exactly want's numbers, {int(off(wrong).sum())} of {want.size} of them in another place"


def dropped(wrong: Wrong) -> str | None:
    """Right but for one end, which is zero."""
    for axis, n in enumerate(wrong.want.shape):
        for at, words in ((n - 1, "last"), (0, "first")):
            kept = np.moveaxis(wrong.want.copy(), axis, 0)
            kept[at] = 0
            if n > 1 and np.any(wrong.got) and _fits_some(wrong, np.moveaxis(kept, 0, axis)):
                return f"the {words} of {n} slices along axis {axis} is zero, and all else is right: it is dropped"
    return None


def _fits_some(wrong: Wrong, candidate: np.ndarray) -> bool:
    """As `fits`, where zeros are what is wrong: the right entries around them are the evidence."""
    untouched = int(np.count_nonzero(wrong.got))
    return untouched >= 2 and matches(wrong, candidate)


def strided(wrong: Wrong) -> str | None:
    """Right at every s-th entry and zero between."""
    for axis, n in enumerate(wrong.want.shape):
        for step in range(2, min(n, 5)):
            kept = np.zeros_like(wrong.want)
            at = (slice(None),) * axis + (slice(None, None, step),)
            kept[at] = wrong.want[at]
            if _fits_some(wrong, kept):
                between = (
                    "every other" if step == 2 else f"all but every {step}rd" if step == 3 else "all but every 4th"
                )
                return f"{between} entry along axis {axis} is zero: a stride or dilation of {step} is mistaken"
    return None
