"""When does an explanation fit? It must reproduce the answer to the digits that are known, and on enough evidence.

An explanation is an array, computed from the truth and the inputs, that should equal `got`. It fits when

- it equals `got` in every entry, to two digits less than are known;
- it accounts for all but a hundredth of the error, since what is only near the truth does not explain a tiny error;
- enough entries support it. A number such as 0.3718... is hardly met by chance. 1 or -0.5 may be, and counts half. Each
  number that was fitted to the answer costs one entry, and so does the choice of the explanation from a long list.

For a large tensor the truth is known at some entries only. Then only these are looked at.
"""

from itertools import combinations

import numpy as np

from backcheck.diagnosis.faults.wrong_gradient import Wrong

MOST_UNEXPLAINED = 0.01  # of the error
ENOUGH_EVIDENCE = 2  # points of evidence for an explanation without a fitted number
GENERIC_DIGITS = 10  # with so many digits known, a number that is no simple fraction counts twice


def close(got: np.ndarray, candidate: np.ndarray, digits: float, slack: int = 2) -> np.ndarray:
    """Entry by entry: the same to `digits - slack` digits, or to `digits` digits of the largest entry."""
    size = np.maximum(abs(got), abs(candidate))
    floor = 10.0 ** -min(digits, 14) * peak(candidate)
    same: np.ndarray = abs(got - candidate) <= np.maximum(10.0 ** (slack - digits) * size, floor)
    return same


def peak(array: np.ndarray) -> float:
    """The largest magnitude among the numbers."""
    return float(np.fmax.reduce(abs(array), axis=None, initial=0.0))


def looked_at(wrong: Wrong, array: np.ndarray) -> np.ndarray:
    """The entries at which the truth is known: the array itself, or a list of entries if it is known in part."""
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
    """Where the answer differs from the truth, as far as the truth is known."""
    apart = ~close(wrong.got, wrong.want, wrong.digits, slack=1)
    return apart if wrong.known is None else apart & wrong.known


def fits(wrong: Wrong, candidate: np.ndarray, fitted: int = 0, digits: float | None = None) -> bool:
    """Whether `candidate` explains the answer; `fitted` of its numbers were chosen by looking at the answer."""
    return matches(wrong, np.asarray(candidate), digits) and evidence(wrong, fitted) >= ENOUGH_EVIDENCE * (1 + fitted)


def matches(wrong: Wrong, candidate: np.ndarray, digits: float | None = None) -> bool:
    """Whether `candidate` is the answer, its error included, however little evidence that is."""
    got, want = looked_at(wrong, wrong.got), looked_at(wrong, wrong.want)
    candidate = looked_at(wrong, candidate) if candidate.shape == wrong.got.shape else candidate
    if not equals(got, candidate, wrong.digits if digits is None else digits):
        return False
    misshapen = wrong.got.shape != wrong.want.shape
    return misshapen or peak(got - candidate) <= MOST_UNEXPLAINED * peak(got - want)


def evidence(wrong: Wrong, fitted: int = 0) -> int:
    """How much evidence the wrong entries are; about a fitted number, equal entries say the same."""
    where = off(wrong)
    pairs = np.stack([wrong.got[where], wrong.want[where]], axis=-1)
    if fitted and len(pairs):
        pairs = np.unique(pairs, axis=0)
    telling = ~(simple(pairs[:, 0]) & simple(pairs[:, 1])) & (wrong.digits >= GENERIC_DIGITS)
    return int(len(pairs) + telling.sum())


def simple(numbers: np.ndarray) -> np.ndarray:
    """Small multiples of 1/16: numbers that two formulas can have in common by chance."""
    scaled = 16 * numbers
    small: np.ndarray = (scaled == np.round(scaled)) & (abs(numbers) <= 64)
    return small


def is_right(wrong: Wrong) -> bool:
    """Whether the answer has the right form and is the truth to the digits known."""
    return not wrong.malformed and wrong.got.shape == wrong.want.shape and not np.any(off(wrong))


def at_kinks(wrong: Wrong) -> np.ndarray:
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
    beyond: np.ndarray = off(wrong) & ~((between | at_end) & at_kinks(wrong))
    return beyond


def axis_sets(ndim: int) -> list[tuple[int, ...]]:
    """Every choice of one axis or more, single ones first."""
    return [axes for count in range(1, ndim + 1) for axes in combinations(range(ndim), count)]
