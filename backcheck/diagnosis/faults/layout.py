"""The right numbers in the wrong places.

An arrangement says from which entry of want each entry of got comes. So it also says where each number of want goes.
Where the truth is known at some entries only, these numbers are looked for there; no more of the truth is needed.
"""

from collections.abc import Callable, Iterator
from itertools import permutations, product

import numpy as np

from backcheck.diagnosis.faults.fit import (
    ENOUGH_EVIDENCE,
    axis_sets,
    close,
    fits,
    is_truth,
    largest,
    matches,
    off,
    simple,
)
from backcheck.diagnosis.faults.words import axes_in_words
from backcheck.diagnosis.faults.wrong_gradient import Wrong, options

NOWHERE = -1  # stands for an entry that is zero
MOST_SLICES, MOST_STEPS = 300, 16  # slices to compare pairwise, and rolls to try
MOST_MOVED, LEAST_MOVED = 2, 6  # by how much want may be moved, and how many of its numbers then confirm it
Arrangement = tuple[str, np.ndarray]  # in words, and the place in want of each entry of got


def arranged(arrangements: Callable[[Wrong], Iterator[Arrangement]], fitted: int = 0) -> Callable[[Wrong], str | None]:
    """The test for arrangements of one kind."""

    def test(wrong: Wrong) -> str | None:
        return next((words for words, source in arrangements(wrong) if _placed(wrong, source, fitted)), None)

    return test


def _places(wrong: Wrong) -> np.ndarray:
    """The flat place of each entry."""
    return np.arange(wrong.want.size).reshape(wrong.want.shape)


def _placed(wrong: Wrong, source: np.ndarray, fitted: int) -> bool:
    """Whether got is want in this arrangement."""
    if wrong.known is not None:
        return _arrived(wrong, np.flatnonzero(wrong.known), source)
    return fits(wrong, np.where(source == NOWHERE, 0.0, wrong.want.ravel()[source]), fitted)


def _arrived(wrong: Wrong, known: np.ndarray, source: np.ndarray) -> bool:
    """Whether each known number is where the arrangement puts it, and at least three different ones are misplaced."""
    places, flat = np.full(source.size, NOWHERE), source.ravel()
    places[flat[flat != NOWHERE]] = np.flatnonzero(flat != NOWHERE)
    kept = known[places[known] != NOWHERE]
    want, got = wrong.want.ravel()[kept], wrong.got.ravel()
    if np.any(got[flat == NOWHERE]) or not np.all(close(got[places[kept]], want, wrong.digits)):
        return False
    moved = (places[kept] != kept) & off(wrong).ravel()[kept] & ~simple(want)
    return len(np.unique(want[moved])) >= 3


def transpositions(wrong: Wrong) -> Iterator[Arrangement]:
    for order in permutations(range(wrong.want.ndim)):
        turned = _places(wrong).transpose(order)
        if turned.shape == wrong.want.shape:
            words = f"got is want with its axes in the order {list(order)}"
            if wrong.want.ndim == 2:
                size = " x ".join(map(str, turned.shape))
                words = f"got is want transposed ({size}, so the shape does not show it)"
            yield words, turned


def reshapes(wrong: Wrong) -> Iterator[Arrangement]:
    """A reshape where a transpose belongs: the numbers are read in another order."""
    for order in permutations(range(wrong.want.ndim)):
        turned = _places(wrong).transpose(order)
        if turned.shape != wrong.want.shape:
            words = f"got has want's numbers, read with the axes in the order {list(order)}: a reshape"
            yield f"{words} where a transpose belongs", turned.reshape(wrong.want.shape)


def reversals(wrong: Wrong) -> Iterator[Arrangement]:
    for axes in axis_sets(wrong.want.ndim):
        hint = ": the kernel is flipped or fails to be" if len(axes) > 1 else ""
        yield f"got is want reversed along {axes_in_words(axes)}{hint}", np.flip(_places(wrong), axes)


def shifts(wrong: Wrong) -> Iterator[Arrangement]:
    """Off by one: at the end a zero moves in, or the entry there is kept."""
    for axis, n in enumerate(wrong.want.shape):
        if n <= 2:
            continue
        for step, gap in ((1, 0), (-1, -1)):
            for zero, words in ((True, "a zero moved in"), (False, "the end kept")):
                rolled = np.moveaxis(np.roll(_places(wrong), step, axis), axis, 0)
                rolled[gap] = NOWHERE if zero else np.moveaxis(_places(wrong), axis, 0)[gap]
                said = f"got is want shifted by {step} along axis {axis}, {words}: off by one"
                yield said, np.moveaxis(rolled, 0, axis)


def moved(wrong: Wrong) -> str | None:
    """Want at another place, along one axis or several, with other numbers where it runs over an edge: of an array with
    a border another part is cut out."""
    got, want, ndim = wrong.got, wrong.want, wrong.want.ndim
    if wrong.known is not None or not ndim or not np.any(want):
        return None
    for steps in product(range(-MOST_MOVED, MOST_MOVED + 1), repeat=min(ndim, 3)):
        by = (0,) * (ndim - len(steps)) + steps
        to = tuple(slice(max(s, 0), n + min(s, 0)) for s, n in zip(by, got.shape, strict=True))
        of = tuple(slice(max(-s, 0), n - max(s, 0)) for s, n in zip(by, got.shape, strict=True))
        kept, there = got[to], want[of]
        inner = Wrong(wrong.rule, wrong.argument, kept, want[to], {}, {}, wrong.dy, digits=wrong.digits)
        if any(by) and 2 * kept.size >= got.size and np.count_nonzero(there) >= LEAST_MOVED and fits(inner, there, 1):
            along = " and ".join(f"by {s} along axis {axis}" for axis, s in enumerate(by) if s)
            return f"got is want moved {along}, with other numbers where it runs over the edge: another part is cut out"
    return None


def rolls(wrong: Wrong) -> Iterator[Arrangement]:
    """Rolled by the steps that bring the largest number of want to where got has it."""
    at = largest(wrong, wrong.want)
    for axis, n in enumerate(wrong.want.shape):
        line = np.moveaxis(wrong.got, axis, -1)[at[:axis] + at[axis + 1 :]]
        for place in np.flatnonzero(close(line, wrong.want[at], wrong.digits))[:MOST_STEPS].tolist():
            step = (place - at[axis]) % n
            back = step - n if step > n // 2 else step
            yield f"got is want rolled by {back} along axis {axis} of {n}", np.roll(_places(wrong), step, axis)


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
    """For y = x[p], dx[p] = dy: the gradient goes back by the inverse of p. Shows only if p is not its own inverse."""
    if wrong.dy.shape != wrong.want.shape:
        return None
    for name, order in _orders(wrong):
        undo = np.argsort(order)
        for axis, n in enumerate(wrong.dy.shape):
            if n != order.size:
                continue
            for right, wrongly in ((undo, order), (order, undo)):
                if is_truth(wrong, wrong.dy.take(right, axis)) and fits(wrong, wrong.dy.take(wrongly, axis)):
                    return f"dy is permuted along axis {axis} by {wrongly.tolist()}; {name} asks for {right.tolist()}"
    return None


def permuted_slices(wrong: Wrong) -> str | None:
    """All slices along an axis are there, in another order."""
    for axis, n in enumerate(wrong.want.shape):
        if not 2 < n <= MOST_SLICES:
            continue
        order = _order_of_slices(np.moveaxis(wrong.got, axis, 0), np.moveaxis(wrong.want, axis, 0), wrong.digits)
        if order is not None and fits(wrong, wrong.want.take(order, axis), fitted=1):
            return f"got has want's slices along axis {axis} in the order {order}{_cycles(order)}"
    return None


def _order_of_slices(got: np.ndarray, want: np.ndarray, digits: float) -> list[int] | None:
    """Which slice of want each slice of got is; None if one of them is none."""
    order: list[int] = []
    for slab in got:
        hits = [i for i, other in enumerate(want) if i not in order and bool(np.all(close(slab, other, digits)))]
        if not hits:
            return None
        order.append(hits[0])
    return order


def _cycles(order: list[int]) -> str:
    """Says so if the moved slices form a single cycle."""
    moved = [i for i, j in enumerate(order) if i != j]
    start = moved[0]
    length, at = 1, order[start]
    while at != start:
        length, at = length + 1, order[at]
    return f", a {length}-cycle" if length == len(moved) else ""


def permuted(wrong: Wrong) -> str | None:
    """The same numbers, each as often as in want, in any places."""
    want = np.sort(wrong.want, axis=None)
    placed = np.empty_like(want)
    placed[np.argsort(wrong.got, axis=None)] = want
    if len(np.unique(want[~simple(want)])) < 4 or not matches(wrong, placed.reshape(wrong.want.shape)):
        return None
    return f"got has exactly want's numbers, {int(off(wrong).sum())} of {want.size} of them in another place"


def dropped(wrong: Wrong) -> str | None:
    """Right except at one end, which is zero."""
    for axis, n in enumerate(wrong.want.shape):
        for at, words in ((n - 1, "last"), (0, "first")):
            kept = np.moveaxis(wrong.want.copy(), axis, 0)
            kept[at] = 0
            is_zero = n > 1 and not np.any(np.moveaxis(wrong.got, axis, 0)[at])
            if is_zero and _fits_some(wrong, np.moveaxis(kept, 0, axis)):
                return f"the {words} of {n} slices along axis {axis} is zero, and all else is right: it is dropped"
    return None


def _fits_some(wrong: Wrong, candidate: np.ndarray) -> bool:
    """As `fits`, for answers with wrong zeros: here the right entries around the zeros are the evidence."""
    return int(np.count_nonzero(wrong.got)) >= ENOUGH_EVIDENCE and matches(wrong, candidate)


ZERO_ENTRIES = {2: "every other", 3: "all but every 3rd", 4: "all but every 4th"}  # by step


def strided(wrong: Wrong) -> str | None:
    """Right at every second, third or fourth entry and zero between them."""
    for axis, n in enumerate(wrong.want.shape):
        for step in range(2, min(n, max(ZERO_ENTRIES) + 1)):
            kept = np.zeros_like(wrong.want)
            np.moveaxis(kept, axis, 0)[::step] = np.moveaxis(wrong.want, axis, 0)[::step]
            if np.all(wrong.got[kept == 0] == 0) and _fits_some(wrong, kept):
                what = f"{ZERO_ENTRIES[step]} entry along axis {axis} is zero"
                return f"{what}: a stride, a dilation or a block of {step} is mistaken"
    return None
