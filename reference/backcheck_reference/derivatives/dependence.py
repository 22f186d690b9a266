"""Which outputs of a function depend on which entries of an array, as floats show it.

Where an output is not finite, no difference tells whether an entry has a part in it. So the question is asked at other
numbers, where every output is finite: an output depends on an entry if it changes with it, or becomes NaN with it.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

MOVES = (1 / 64, -3.0, np.nan)  # a little, past most kinks and bounds, and what spreads through everything it meets


def dependent(function: Callable[..., np.ndarray], inputs: Sequence[np.ndarray], which: int) -> np.ndarray | None:
    """For each entry of `inputs[which]` in order, which outputs depend on it: booleans of shape (entries, outputs).

    The inputs are floats; integers among them stay as they are. None where no numbers of these shapes are found at
    which every output is finite, or where the function refuses to be run on them.
    """
    with np.errstate(all="ignore"):
        try:
            return next((_moved(function, at, which) for at in _ordinary(inputs) if _is_finite(function, at)), None)
        except Exception:  # the function is anybody's, and may refuse a NaN
            return None


def _ordinary(inputs: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Numbers at which most functions are finite: between 0 and 1, then above 1, then to both sides of 0."""
    rng = np.random.Generator(np.random.PCG64(0))
    for low, high in ((0.25, 0.75), (1.25, 1.75), (-1.5, 1.5)):
        yield [a if a.dtype.kind in "iub" else np.asarray(rng.uniform(low, high, a.shape)) for a in inputs]


def _is_finite(function: Callable[..., np.ndarray], inputs: Sequence[np.ndarray]) -> bool:
    return bool(np.isfinite(function(*inputs)).all())


def _moved(function: Callable[..., np.ndarray], inputs: Sequence[np.ndarray], which: int) -> np.ndarray:
    before = np.ravel(function(*inputs))
    found = np.zeros((inputs[which].size, before.size), dtype=bool)
    for entry in range(inputs[which].size):
        for move in MOVES:
            moved = [a.copy() for a in inputs]
            moved[which].reshape(-1)[entry] += move
            after = np.ravel(function(*moved))
            found[entry] |= (after != before) | np.isnan(after)
    return found
