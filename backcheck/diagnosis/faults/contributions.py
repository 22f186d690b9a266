"""Contributions added up wrongly: over the wrong axis, without some rows, readers or repeated indices."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backcheck.diagnosis.faults.alternatives import gradient
from backcheck.diagnosis.faults.fit import ENOUGH_EVIDENCE, axis_sets, evidence, fits, is_truth, matches
from backcheck.diagnosis.faults.words import axes_in_words, number
from backcheck.diagnosis.faults.wrong_gradient import Wrong, named_arrays


def overwritten(wrong: Wrong) -> str | None:
    """Where several nodes read a value, its gradient is the sum of what they send back."""
    for i, part in enumerate(wrong.parts):
        if len(wrong.parts) > 1 and np.any(part) and matches(wrong, part):
            return (
                f"{len(wrong.parts)} readers send a gradient back, and got is that of reader {i + 1} alone: "
                "the others are overwritten, not added"
            )
    return None


def missing_part(wrong: Wrong) -> str | None:
    for i, part in enumerate(wrong.parts):
        if len(wrong.parts) > 2 and np.any(part) and matches(wrong, wrong.want - part):
            return f"of {len(wrong.parts)} readers' gradients that of reader {i + 1} is missing from the sum"
    return None


def part_twice(wrong: Wrong) -> str | None:
    for i, part in enumerate(wrong.parts):
        if np.any(part) and matches(wrong, wrong.want + part):
            return f"the gradient of reader {i + 1} of {len(wrong.parts)} is accumulated twice"
    return None


@dataclass(frozen=True, slots=True)
class Reduction:
    """A sum that gives want: `terms`, called `name`, over `axes`."""

    name: str
    terms: np.ndarray
    axes: tuple[int, ...]


@lru_cache(maxsize=4)  # several faults ask
def reductions(wrong: Wrong) -> tuple[Reduction, ...]:
    """What is summed to give want, and over which axes; only terms with more entries than want."""
    return tuple(
        Reduction(name, terms, axes)
        for name, terms in _terms(wrong)
        if terms.size > wrong.want.size
        for axes in axis_sets(terms.ndim)
        if _gives_the_truth(wrong, terms, axes)
    )


def _terms(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    yield "dy", wrong.dy
    for name, array in named_arrays(wrong).items():
        try:
            terms = wrong.dy * array
        except ValueError:
            continue
        yield f"dy * {name}", terms
    repeated = _each_repeated(wrong)
    if repeated is not None:
        yield "what each copy contributes", repeated


def _each_repeated(wrong: Wrong) -> np.ndarray | None:
    """The gradient of the argument repeated to the shape of the output: one entry for each that is summed."""
    array = wrong.inputs.get(wrong.argument)
    if wrong.forward is None or array is None or array.size == wrong.dy.size or wrong.dy.size > 64:
        return None
    try:
        spread = np.broadcast_to(array, wrong.dy.shape).copy()
        arrays = {**wrong.inputs, wrong.argument: spread}
        forward = wrong.forward  # for the type checker, which forgets within a lambda that it is not None
        found = gradient(lambda *each: forward(*each, **wrong.config)[0], arrays, wrong.argument, wrong.dy)
    except Exception:  # the user's code need not take such an array
        return None
    return found[0] if found else None


def _gives_the_truth(wrong: Wrong, terms: np.ndarray, axes: tuple[int, ...]) -> bool:
    total = terms.sum(axis=axes, keepdims=True)
    return total.size == wrong.want.size and is_truth(wrong, total.reshape(wrong.want.shape))


def wrong_axis(wrong: Wrong) -> str | None:
    """Summed over other axes than it was repeated along. For equal sizes the shape does not show it."""
    misshapen = wrong.got.shape != wrong.want.shape
    if not np.any(wrong.got) or not (misshapen or evidence(wrong) >= ENOUGH_EVIDENCE):
        return None
    for seen in reductions(wrong):
        for axes in axis_sets(seen.terms.ndim):
            total, n = seen.terms.sum(axis=axes), math.prod(seen.terms.shape[axis] for axis in axes)
            if axes == seen.axes or total.shape != wrong.got.shape:
                continue
            for how, found in (("summed", total), ("averaged", total / n)):
                if matches(wrong, found):
                    right = axes_in_words(seen.axes)
                    instead = f"over {right}" if how == "summed" else f"summed over {right}"
                    return f"{seen.name} is {how} over {axes_in_words(axes)}; it belongs {instead}"
    return None


def one_row(wrong: Wrong) -> str | None:
    """One slice stands where the sum of all belongs."""
    for seen in reductions(wrong):
        if len(seen.axes) > 1 and wrong.want.size == 1:
            continue  # among so many slices one number is met by chance
        for axis in seen.axes:
            n = seen.terms.shape[axis]
            for at, words in ((0, "first"), (n - 1, "last")):
                rest = tuple(other for other in seen.axes if other != axis)
                alone = seen.terms.take([at], axis).sum(axis=(*rest, axis), keepdims=True)
                if n > 1 and np.any(alone) and fits(wrong, alone.reshape(wrong.want.shape)):
                    return f"got has only the {words} of {n} slices of {seen.name} along axis {axis}, not their sum"
    return None


def dropped_row(wrong: Wrong) -> str | None:
    """The sum of all slices but one."""
    for seen in reductions(wrong):
        for axis in seen.axes:
            n = seen.terms.shape[axis]
            for at, words in ((n - 1, "last"), (0, "first")):
                total = np.delete(seen.terms, at, axis).sum(axis=seen.axes, keepdims=True)
                if n > 2 and fits(wrong, total.reshape(wrong.want.shape)):
                    return f"the {words} of {n} slices of {seen.name} along axis {axis} is left out of the sum"
    return None


def collapsed(wrong: Wrong) -> str | None:
    """All slices are the same: a sum or a mean over an axis that want has."""
    for axes in axis_sets(wrong.want.ndim):
        for how, words in ((np.mean, "mean"), (np.sum, "sum")):
            flat = np.broadcast_to(how(wrong.want, axis=axes, keepdims=True), wrong.want.shape)
            if np.any(flat) and fits(wrong, flat, fitted=1):
                return f"each entry is the {words} of want over {axes_in_words(axes)}: the rows are mixed"
    return None


def overwritten_index(wrong: Wrong) -> str | None:
    """Entries picked twice get the sum; `dx[index] = dy`, and even `dx[index] += dy`, keeps the last one only."""
    for name, index in wrong.inputs.items():
        if not _picks(index, wrong):
            continue
        added, last = np.zeros_like(wrong.want), np.zeros_like(wrong.want)
        np.add.at(added, index, wrong.dy)
        last[index] = wrong.dy
        if is_truth(wrong, added) and matches(wrong, last):
            often = np.unique(index, return_counts=True)[1].max()
            return f"{name} picks an entry up to {number(often)} times, and got has the last dy alone, not the sum"
    return None


def _picks(index: np.ndarray, wrong: Wrong) -> bool:
    """Whether `y = x[index]` has the shape of dy, with every index in range."""
    if index.dtype.kind not in "iu" or not wrong.want.ndim or wrong.dy.shape != index.shape + wrong.want.shape[1:]:
        return False
    rows = len(wrong.want)
    return bool(np.all((index >= -rows) & (index < rows)))


def index_not_used(wrong: Wrong) -> str | None:
    """The indices play no part: got is dy in its own order."""
    for name, index in wrong.inputs.items():
        if wrong.dy.shape == wrong.want.shape and _picks(index, wrong) and fits(wrong, wrong.dy):
            return f"got is dy in its own order: the indices {name} are not used"
    return None
