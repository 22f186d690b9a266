"""Where a gradient is wrong: on one side of a threshold, or in what some slices of the output send back."""

from collections.abc import Iterator
from math import comb

import numpy as np

from backcheck.diagnosis.faults.by_output import LEAST_WRONG, contributions
from backcheck.diagnosis.faults.fit import at_kinks, matches, off, outside
from backcheck.diagnosis.faults.words import number
from backcheck.diagnosis.faults.wrong_gradient import Wrong, named_arrays

LEAST_CHOICES = 10_000  # so many ways to choose the wrong entries among all: that a threshold parts them is no chance
SIDES = (("above it", 1), ("below it", -1), ("beyond it in size", 0))


def wrong_region(wrong: Wrong) -> str | None:
    """The wrong entries are those on one side of a threshold: a branch of a formula is wrong, or not there.

    No formula is known for what stands there instead, so this explains nothing; it says where to look.
    """
    changed = outside(wrong)
    right = ~changed & ~at_kinks(wrong)
    if wrong.dy.shape == changed.shape:  # where dy is 0 every formula is right
        right &= wrong.dy != 0
    total, count = int(changed.sum() + right.sum()), int(changed.sum())
    if comb(total, count) < LEAST_CHOICES:
        return None
    for name, array in {**named_arrays(wrong), "dy": wrong.dy}.items():
        if array.shape != changed.shape:
            continue
        for words, sign in SIDES:
            size = array * sign if sign else abs(array)
            below, above = float(size[right].max()), float(size[changed].min())
            if below < above:
                low, high = sorted((below * (sign or 1), above * (sign or 1)))
                return (
                    f"wrong on one side of a threshold of {name}, {words}, in {count} of {changed.size} entries, "
                    f"and right on the other (the threshold lies between {number(low)} and {number(high)})"
                )
    return None


def one_slice(wrong: Wrong) -> str | None:
    """Only some slices of the output send something back: the first sample, the last step, all but the first."""
    if off(wrong).sum() < LEAST_WRONG or max(wrong.dy.shape, default=1) < 2:
        return None
    found = contributions(wrong)
    if found is None:
        return None
    parts = found.reshape(len(found), *wrong.dy.shape)
    for axis, words, kept in _slices(wrong.dy.shape):
        candidate = parts.take(kept, axis + 1).reshape(len(found), -1).sum(axis=1)
        if np.any(candidate) and matches(wrong, candidate.reshape(wrong.want.shape)):
            n = wrong.dy.shape[axis]
            return f"got has {words} of {n} slices of the output along axis {axis} sends back"
    return None


def _slices(shape: tuple[int, ...]) -> Iterator[tuple[int, str, list[int]]]:
    for axis, n in enumerate(shape):
        if n > 1:
            yield axis, "only what the first", [0]
            yield axis, "only what the last", [n - 1]
        if n > 2:
            yield axis, "not what the first", list(range(1, n))
            yield axis, "not what the last", list(range(n - 1))
