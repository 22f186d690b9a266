"""What each output sends back to each entry: where several outputs read an entry, what they send back is added.

The forward is differenced entry by entry, and the outputs are kept apart. So it does not matter how the entries are
read: by repeated indices, by windows that overlap, by blocks that copy, or along time.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from backcheck.diagnosis.faults.alternatives import MOST_TRIED_ENTRIES, MOST_TRIED_JACOBIAN
from backcheck.diagnosis.faults.fit import is_truth, matches, off
from backcheck.diagnosis.faults.wrong_gradient import Wrong
from backcheck.diagnosis.sampled_truth import GradientProbe
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact

LEAST_WRONG = 2  # one wrong entry proves nothing
LEAST_KEPT = 2  # right entries beside those that are zero
PLACES_IN_WORDS = {1: "1st", 2: "2nd", 3: "3rd"}


@lru_cache(maxsize=4)  # several faults ask
def contributions(wrong: Wrong) -> np.ndarray | None:
    """For each entry, in a row, dy times the slope of every output; None where the code cannot say."""
    array, forward = wrong.inputs.get(wrong.argument), wrong.forward
    if forward is None or array is None or array.shape != wrong.want.shape or wrong.got.shape != wrong.want.shape:
        return None
    if wrong.known is not None or not 0 < array.size <= MOST_TRIED_ENTRIES or wrong.dy.size < 2:
        return None
    if array.size * wrong.dy.size > MOST_TRIED_JACOBIAN:
        return None
    which = list(wrong.inputs).index(wrong.argument)
    probe = GradientProbe(
        lambda *arrays: forward(*arrays, **wrong.config)[0], tuple(wrong.inputs.values()), which, wrong.dy
    )
    try:
        with exact.bits(exact.LADDER[0][0]):
            rows = [_row(probe, at) for at in range(array.size)]
    except Exception:  # code that cannot run on exact numbers
        return None
    found = np.array(rows)
    return found if is_truth(wrong, found.sum(axis=1).reshape(wrong.want.shape)) else None


def _row(probe: GradientProbe, at: int) -> np.ndarray:
    """Where one entry moves: half way between its slopes to the two sides."""
    ones = exact.lift(np.ones(probe.x.size))
    up, down = (probe.slopes([at], ones, sign) for sign in (1, -1))
    return exact.to_float((up + down) / flint.arb(2))


def assigned(wrong: Wrong) -> str | None:
    """Of what several outputs send back to one entry, only one part is kept, or their mean."""
    found = contributions(wrong) if off(wrong).sum() >= LEAST_WRONG else None
    if found is None:
        return None
    for head, parts in _together(wrong, found):
        reached = parts != 0
        counts = reached.sum(axis=1)
        most = int(counts.max(initial=0))
        if most < 2 or np.any(counts[off(wrong).ravel()] < 2):
            continue
        for words, each in _kept(parts, reached, counts):
            if matches(wrong, each.reshape(wrong.want.shape)):
                return f"{head.format(most=most)} read the same entry of {wrong.argument}, and got {words}"
    return None


def _together(wrong: Wrong, found: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each output by itself; and all outputs along one axis as one, as the channels at a window's place are."""
    yield "up to {most} outputs", found
    parts = found.reshape(len(found), *wrong.dy.shape)
    for axis, n in enumerate(wrong.dy.shape):
        if n > 1 and wrong.dy.ndim > 1:
            yield f"up to {{most}} places of the output beside axis {axis}", parts.sum(axis + 1).reshape(len(found), -1)


def _kept(found: np.ndarray, reached: np.ndarray, counts: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """What may be left of the sum: in words, and as numbers."""
    order = np.argsort(~reached, axis=1, kind="stable")  # the outputs that an entry reaches, in their order

    def single(nth: np.ndarray) -> np.ndarray:
        at = np.take_along_axis(order, np.maximum(nth, 0)[:, None], axis=1)
        return np.where(counts > 0, np.take_along_axis(found, at, axis=1)[:, 0], 0.0)

    kept = [
        ("has only what the last of them sends back: it is assigned where it is to be added", single(counts - 1)),
        ("has only what the first of them sends back, not the sum", single(np.zeros_like(counts))),
        ("is the mean of what they send back, not the sum", found.sum(axis=1) / np.maximum(counts, 1)),
    ]
    if np.all(counts == counts[0]):  # blocks of one size, and a place within each
        for nth in range(1, int(counts[0]) - 1):
            place = PLACES_IN_WORDS.get(nth + 1, f"{nth + 1}th")
            kept.append(
                (f"has only what the {place} of them sends back, not the sum", single(np.full_like(counts, nth)))
            )
    return kept


def same_place_only(wrong: Wrong) -> str | None:
    """The diagonal of the Jacobian, of a function that is not elementwise."""
    if wrong.dy.shape != wrong.want.shape or off(wrong).sum() < LEAST_WRONG:
        return None
    found = contributions(wrong)
    if found is None or not matches(wrong, np.diag(found).reshape(wrong.want.shape)):
        return None
    return f"got has only what the output at the same place sends back; other outputs read {wrong.argument} there too"


def truncated(wrong: Wrong) -> str | None:
    """Zero in several slices at one end of an axis and right in the others."""
    wrong_ones = off(wrong)
    for axis, n in enumerate(wrong.want.shape):
        rest = tuple(other for other in range(wrong.want.ndim) if other != axis)
        bad = np.flatnonzero(wrong_ones.any(axis=rest))
        right = np.delete(wrong.got, bad, axis)
        if not 2 <= len(bad) < n or np.any(wrong.got.take(bad, axis)) or np.count_nonzero(right) < LEAST_KEPT:
            continue
        for end, words in ((np.arange(len(bad)), "first"), (np.arange(n - len(bad), n), "last")):
            if np.array_equal(bad, end):
                return (
                    f"got is zero in the {words} {len(bad)} of {n} slices along axis {axis}, and right in the others: "
                    "the gradient is truncated there"
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
