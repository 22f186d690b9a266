"""Comparisons of balls, and what depends on them: where two balls overlap, the answer is the ball [0, 1].

A choice by such an answer is the union of both sides. `balls.Hull` is the array that works in this way.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.scalar_functions import number, reduced


def answers(yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    """The ball 1 where the answer is yes, 0 where it is no, and [0, 1] where neither is sure."""
    pairs = zip(yes.ravel().tolist(), no.ravel().tolist(), strict=True)
    return pack(yes.shape, [flint.arb(1) if y else flint.arb(0) if n else flint.arb(0.5, 0.5) for y, n in pairs])


def _compare(yes: Callable[..., Any], no: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Booleans where every answer is sure, else balls."""

    def compare(a: Any, b: Any, **_: Any) -> np.ndarray:
        true, false = np.asarray(yes(a, b), dtype=bool), np.asarray(no(a, b), dtype=bool)
        return true if np.all(true | false) else answers(true, false)

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
_greater, _less = _compare(np.greater, np.less_equal), _compare(np.less, np.greater_equal)

# (ufunc, method) -> what is done on hulls instead. Logic on answers that may be open is arithmetic on them.
ON_HULLS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    (np.greater, "__call__"): _greater,
    (np.less, "__call__"): _less,
    (np.greater_equal, "__call__"): _compare(np.greater_equal, np.less),
    (np.less_equal, "__call__"): _compare(np.less_equal, np.greater),
    (np.equal, "__call__"): _compare(np.equal, np.not_equal),
    (np.not_equal, "__call__"): _compare(np.not_equal, np.equal),
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
