"""When does an explanation fit? It must reproduce the answer to the digits that are known, and on enough evidence.

An explanation is an array, computed from the truth and the inputs, that ought to be `got`. It fits when it is `got` to
two digits less than are known, in every entry, when it accounts for all but a hundredth of the error (a tiny error is
not explained by what is merely near the truth), and when enough entries speak for it. A number such as 0.3718... can
hardly be met by chance; 1 or -0.5 can, and counts half. Each number that was fitted to the answer costs one entry, and
so does having picked the explanation from a long list.

Of a large tensor the truth is known at some entries only. Then these are looked at, and the others say nothing.
"""

from itertools import product

import numpy as np

from backcheck.diagnosis.faults.wrong_gradient import Wrong

UNEXPLAINED = 0.01
ENOUGH = 2  # points of evidence for an explanation without a fitted number
GENERIC = 10  # digits from which a number that is no simple fraction tells


def close(got: np.ndarray, candidate: np.ndarray, digits: float, slack: int = 2) -> np.ndarray:
    """Entry by entry: the same to `digits - slack` digits, or to `digits` digits of the largest entry."""
    size = np.maximum(abs(got), abs(candidate))
    floor = 10.0 ** -min(digits, 14) * peak(candidate)
    return abs(got - candidate) <= np.maximum(10.0 ** (slack - digits) * size, floor)


def peak(array: np.ndarray) -> float:
    """The largest magnitude among the numbers."""
    return float(np.fmax.reduce(abs(array), axis=None, initial=0.0))


def looked_at(wrong: Wrong, array: np.ndarray) -> np.ndarray:
    """The entries at which the truth is known, in a list where it is not known everywhere."""
    return array if wrong.known is None or array.shape != wrong.known.shape else array[wrong.known]


def largest(wrong: Wrong, array: np.ndarray) -> tuple[int, ...]:
    """The place of the largest magnitude among the entries at which the truth is known."""
    sizes = abs(array) if wrong.known is None else np.where(wrong.known, abs(array), -1.0)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(sizes)), sizes.shape))


def equals(got: np.ndarray, candidate: np.ndarray, digits: float) -> bool:
    """The same shape and the same numbers."""
    return got.shape == candidate.shape and bool(np.all(close(got, candidate, digits)))


def is_truth(wrong: Wrong, candidate: np.ndarray) -> bool:
    """Whether `candidate` is the true gradient."""
    same = wrong.want.shape == candidate.shape
    return same and equals(looked_at(wrong, wrong.want), looked_at(wrong, candidate), wrong.digits)


def off(wrong: Wrong) -> np.ndarray:
    """Where the answer is known to differ from the truth."""
    apart = ~close(wrong.got, wrong.want, wrong.digits, slack=1)
    return apart if wrong.known is None else apart & wrong.known


def fits(wrong: Wrong, candidate: np.ndarray, fitted: int = 0, digits: float | None = None) -> bool:
    """Whether `candidate`, for which `fitted` numbers were chosen by looking at the answer, explains it."""
    return matches(wrong, np.asarray(candidate), digits) and evidence(wrong, fitted) >= ENOUGH * (1 + fitted)


def matches(wrong: Wrong, candidate: np.ndarray, digits: float | None = None) -> bool:
    """Whether `candidate` is the answer, its error included, whatever that is evidence of."""
    got, want = looked_at(wrong, wrong.got), looked_at(wrong, wrong.want)
    candidate = looked_at(wrong, candidate) if candidate.shape == wrong.got.shape else candidate
    if not equals(got, candidate, wrong.digits if digits is None else digits):
        return False
    misshapen = wrong.got.shape != wrong.want.shape
    return misshapen or peak(got - candidate) <= UNEXPLAINED * peak(got - want)


def evidence(wrong: Wrong, fitted: int = 0) -> int:
    """How much the wrong entries have to say; equal ones say nothing new about a fitted number."""
    where = off(wrong)
    pairs = np.stack([wrong.got[where], wrong.want[where]], axis=-1)
    if fitted and len(pairs):
        pairs = np.unique(pairs, axis=0)
    telling = ~(simple(pairs[:, 0]) & simple(pairs[:, 1])) & (wrong.digits >= GENERIC)
    return int(len(pairs) + telling.sum())


def simple(numbers: np.ndarray) -> np.ndarray:
    """Small multiples of 1/16: numbers that two formulas can have in common by chance."""
    scaled = 16 * numbers
    return (scaled == np.round(scaled)) & (abs(numbers) <= 64)


def right(wrong: Wrong) -> bool:
    """Nothing is wrong: well-formed, and the truth to the digits known."""
    return not wrong.malformed and wrong.got.shape == wrong.want.shape and not np.any(off(wrong))


def kinks(wrong: Wrong) -> np.ndarray:
    """Where the one-sided slopes differ."""
    if wrong.lower is None or wrong.upper is None:
        return np.zeros(wrong.want.shape, dtype=bool)
    apart = ~close(wrong.lower, wrong.upper, wrong.digits)
    return apart if wrong.known is None else apart & wrong.known


def outside(wrong: Wrong) -> np.ndarray:
    """Where the answer is neither the truth nor between the one-sided slopes."""
    if wrong.lower is None or wrong.upper is None:
        return off(wrong)
    between = (wrong.got >= wrong.lower) & (wrong.got <= wrong.upper)
    at_end = close(wrong.got, wrong.lower, wrong.digits) | close(wrong.got, wrong.upper, wrong.digits)
    return off(wrong) & ~((between | at_end) & kinks(wrong))


def axis_sets(ndim: int) -> list[tuple[int, ...]]:
    """Every choice of one axis or more, single ones first."""
    chosen = [tuple(i for i, take in enumerate(which) if take) for which in product((False, True), repeat=ndim)]
    return sorted((axes for axes in chosen if axes), key=lambda axes: (len(axes), axes))
