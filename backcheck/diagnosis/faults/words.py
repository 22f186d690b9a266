"""Numbers and places in words."""

from collections.abc import Sequence

import numpy as np


def number(value: float) -> str:
    """A number with as few digits as tell it: 4, 0.25, 1.000001."""
    value = float(value) + 0.0  # + 0.0 makes -0.0 a plain 0
    if abs(value) < 1e6 and abs(value - round(value)) <= 1e-12 * abs(value):
        return f"{value:.0f}"
    digits = 4
    if 0 < abs(value - 1) < 1e-2:  # what matters is how far from 1 it is
        digits = min(15, 1 - int(np.floor(np.log10(abs(value - 1)))))
    return f"{value:.{digits}g}"


def entries(count: int, of: str = "") -> str:
    """For example: in all 12 entries, in the only nonzero entry."""
    of = f"{of} " if of else ""
    return f"in the only {of}entry" if count == 1 else f"in all {count} {of}entries"


def some(count: int, total: int) -> str:
    """For example: in 3 of 12 entries."""
    return entries(total) if count == total else f"in {count} of {total} entries"


def axes_in_words(axes: Sequence[int]) -> str:
    """For example: axis 0, axes 0 and 2."""
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes[:-1]))} and {axes[-1]}"


def places(where: np.ndarray, most: int = 3) -> str:
    """The first few indices. For example: [0, 1], [2, 3] and 4 more."""
    found = np.argwhere(where).tolist()
    shown = ", ".join(str(index) for index in found[:most])
    return shown if len(found) <= most else f"{shown} and {len(found) - most} more"


def roundest(low: float, high: float) -> float:
    """The number with the fewest digits that is at least `low` and below `high`."""
    for decimals in range(-6, 16):
        value = float(np.ceil(low * 10.0**decimals) / 10.0**decimals) + 0.0  # no -0.0 here either
        if low <= value < high:
            return value
    return low


def said_of_form(malformed: str) -> str:
    """What is wrong with the form of an answer, as a sentence: some reasons say themselves who does it."""
    whole = malformed.startswith(("forward of ", "backward of "))
    return malformed if whole else f"got {malformed}"


def listed(causes: Sequence[str]) -> str:
    """The first cause; the second as what it may also be."""
    return causes[0] + (f"; it may also be that {causes[1]}" if len(causes) > 1 else "")
