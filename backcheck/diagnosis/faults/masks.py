"""A mask that is not the forward's: missing, the other way round, or another one.

Where the gradient is zero or one multiple of dy, entry by entry, a mask decides which.
"""

import numpy as np

from backcheck.diagnosis.faults.fit import close, largest, matches
from backcheck.diagnosis.faults.words import number
from backcheck.diagnosis.faults.wrong_gradient import Wrong

LEAST = 2  # entries on each side


def _multiple(wrong: Wrong, array: np.ndarray) -> float | None:
    """The number c for which every entry of an array is 0 or c dy; None if there is none."""
    if wrong.dy.shape != array.shape or not np.any(array) or np.any((wrong.dy == 0) & (array != 0)):
        return None
    at = largest(wrong, array)
    c = float(array[at] / wrong.dy[at])
    return c if bool(np.all((array == 0) | close(array, c * wrong.dy, wrong.digits))) else None


def unmasked(wrong: Wrong) -> str | None:
    """dy itself, where the gradient has a mask and a factor."""
    c = _multiple(wrong, wrong.want)
    if c is None:
        return None
    held = int(((wrong.want == 0) & (wrong.dy != 0)).sum())
    if held < LEAST or np.count_nonzero(wrong.want) < LEAST or not matches(wrong, wrong.dy):
        return None
    unused = "the mask is not used" if c == 1 else f"neither the mask nor the factor {number(c)} is used"
    where = f"want is zero in {held} of {wrong.want.size} entries and {number(c)} x dy in the others"
    return f"got is dy itself; {where}: {unused}"


def another(wrong: Wrong) -> str | None:
    """Zero in other entries than want, and the same multiple of dy elsewhere."""
    c, mine = _multiple(wrong, wrong.want), _multiple(wrong, wrong.got)
    if c is None or mine is None or not close(np.array(c), np.array(mine), wrong.digits):
        return None
    added, lost = int(((wrong.want == 0) & (wrong.got != 0)).sum()), int(((wrong.want != 0) & (wrong.got == 0)).sum())
    if added < LEAST or lost < LEAST:
        return None
    each = f"each entry is zero or {number(c)} x dy" if c != 1 else "each entry is zero or dy"
    inverted = not np.any((wrong.want != 0) & (wrong.got != 0)) and np.all((wrong.want != 0) | (wrong.got != 0))
    if inverted:
        return f"{each}, and got is nonzero in exactly the {added} entries where want is zero: the mask is inverted"
    return (
        f"{each}, and got is nonzero in {added} entries where want is zero, and zero in {lost} where want is not: "
        "it is another mask than the forward's"
    )
