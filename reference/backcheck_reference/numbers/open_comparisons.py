"""Comparisons of balls, and what depends on them.

On hulls the answer for two balls that overlap is the ball [0, 1], and a choice by such an answer is the union of both
sides; `balls.Hull` is the array that works in this way. Other balls go by their middles there, as floats do.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import middles, pack
from backcheck_reference.numbers.scalar_functions import EXACTLY_NAN, IDENTICAL, ISNAN, each, number, reduced

# of each comparison its opposite, and its answer for a number and itself
OPPOSITES: dict[np.ufunc, tuple[np.ufunc, bool]] = {
    np.greater: (np.less_equal, False),
    np.less: (np.greater_equal, False),
    np.greater_equal: (np.less, True),
    np.less_equal: (np.greater, True),
    np.equal: (np.not_equal, True),
    np.not_equal: (np.equal, False),
}


def answers(yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    """The ball 1 where the answer is yes, 0 where it is no, and [0, 1] where neither is sure."""
    pairs = zip(yes.ravel().tolist(), no.ravel().tolist(), strict=True)
    return pack(yes.shape, [flint.arb(1) if y else flint.arb(0) if n else flint.arb(0.5, 0.5) for y, n in pairs])


def _bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value


def _lifted(value: Any) -> np.ndarray:
    return np.asarray(_NUMBER(value), dtype=object)


_NUMBER = each(number)


def _both_sides(ufunc: np.ufunc, a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    """Where the comparison surely holds, and where it surely does not."""
    return np.asarray(ufunc(a, b), dtype=bool), np.asarray(OPPOSITES[ufunc][0](a, b), dtype=bool)


def compare_middles(ufunc: np.ufunc) -> Callable[..., np.ndarray]:
    """Booleans. So a maximum equals the number that it was chosen from, which cannot be proved of two wide balls.

    What is no number at all is unequal to everything, as it is in floats; Python would say that it does not know.
    """

    def compare(a: Any, b: Any, **_: Any) -> np.ndarray:
        yes, no = _both_sides(ufunc, _bare(a), _bare(b))
        if a is None or b is None or np.all(yes | no):
            return yes
        x, y = _lifted(_bare(a)), _lifted(_bare(b))
        nowhere = np.asarray(ISNAN(x) | ISNAN(y), dtype=bool)
        by_middles = np.asarray(ufunc(middles(x), middles(y)), dtype=bool)
        return np.where(nowhere, ufunc is np.not_equal, np.where(yes | no, yes, by_middles))

    return compare


def compare_hulls(ufunc: np.ufunc) -> Callable[..., np.ndarray]:
    """Booleans where every answer is sure, else balls.

    A ball is equal to itself, as an object: the one that `max` hands out is the number it was chosen from.
    """

    def compare(a: Any, b: Any, **_: Any) -> np.ndarray:
        yes, no = _both_sides(ufunc, a, b)
        if a is None or b is None or np.all(yes | no):
            return yes
        x, y = _lifted(a), _lifted(b)
        same = np.asarray(IDENTICAL(x, y), dtype=bool)
        nowhere = np.asarray((ISNAN(x) | ISNAN(y)) & (EXACTLY_NAN(x) | EXACTLY_NAN(y)), dtype=bool)
        yes, no = (yes | same, no) if OPPOSITES[ufunc][1] else (yes, no | same)
        yes, no = (yes | nowhere, no) if ufunc is np.not_equal else (yes, no | nowhere)
        return yes if np.all(yes | no) else answers(yes, no)

    return compare


def _pick(condition: Any, a: Any, b: Any) -> Any:
    """One side, or where the condition is a ball that holds 0 and 1 the union of both."""
    if condition is True or condition == 1:
        return a
    if condition is False or condition == 0:
        return b
    a, b = number(a), number(b)
    kind = flint.acb if flint.acb in (type(a), type(b)) else flint.arb
    return kind(a).union(kind(b))


PICK: np.ufunc = np.frompyfunc(_pick, 3, 1)
_larger = np.frompyfunc(lambda a, b: flint.arb(a).max(flint.arb(b)), 2, 1)
_smaller = np.frompyfunc(lambda a, b: flint.arb(a).min(flint.arb(b)), 2, 1)


def choose(condition: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """np.where, with the union of both sides where the condition is open."""
    if condition.dtype == bool:
        return np.where(condition, a, b)
    return np.asarray(PICK(condition, a, b), dtype=object)


def _reduce(pairwise: np.ufunc) -> Callable[..., Any]:
    return lambda a, axis=0, dtype=None, keepdims=False, **_: reduced(pairwise, a, axis, keepdims)


# The operations that arb rounds as floats are rounded. Of all others the result is rounded once more.
ROUNDED_BY_ARB = frozenset(
    {np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.positive, np.absolute, np.matmul, np.square}
)
_greater, _less = compare_hulls(np.greater), compare_hulls(np.less)

# (ufunc, method) -> what is done on hulls instead. Logic on answers that may be open is arithmetic on them.
ON_HULLS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    **{(ufunc, "__call__"): compare_hulls(ufunc) for ufunc in OPPOSITES},
    (np.maximum, "__call__"): lambda a, b, **_: _larger(a, b),
    (np.minimum, "__call__"): lambda a, b, **_: _smaller(a, b),
    (np.maximum, "reduce"): _reduce(_larger),
    (np.minimum, "reduce"): _reduce(_smaller),
    (np.logical_and, "__call__"): lambda a, b, **_: a * b,
    (np.bitwise_and, "__call__"): lambda a, b, **_: a * b,
    (np.logical_or, "__call__"): lambda a, b, **_: 1 - (1 - a) * (1 - b),
    (np.bitwise_or, "__call__"): lambda a, b, **_: 1 - (1 - a) * (1 - b),
    (np.logical_not, "__call__"): lambda a, **_: 1 - a,
    (np.invert, "__call__"): lambda a, **_: 1 - a,
    (np.sign, "__call__"): lambda a, **_: _greater(a, 0) * 1 - _less(a, 0) * 1,
}
