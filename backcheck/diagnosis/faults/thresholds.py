"""Where a gradient is wrong: on one side of a threshold."""

from math import comb

from backcheck.diagnosis.faults.fit import at_kinks, outside
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
